"""Where a network looks: feature maps and the CAM family, one method a file."""
