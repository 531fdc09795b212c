"""How well a change between visits is measured, on people whose true change is known."""
