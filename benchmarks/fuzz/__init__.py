"""What happens with spoiled files, wrong images and runs that are killed."""
