"""The small dataset of the tests of learning."""

from learning.conftest import prepared as prepared
