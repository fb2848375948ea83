"""Why an action cannot be taken now, a module for each thing that it is taken on."""
