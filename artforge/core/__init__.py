"""Values that flow, errors, seeds, picture and film files, the step registry: light, no TensorFlow."""
