"""What a workflow and its runs look like: the seam of pictures and panels."""
