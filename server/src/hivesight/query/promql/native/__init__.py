"""Native histograms in the engine: on whole arrays of cells, whatever their layouts."""
