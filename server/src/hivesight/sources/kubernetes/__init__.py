"""`kubernetes_sd_configs`: targets from the API of a cluster (Prometheus 3.5, `discovery/kubernetes`). `watch` keeps
the objects of a resource as they are, a module for each role makes targets of them, `discovery` runs the whole."""
