"""The machines of a cluster as an engine, by Dask: nothing of it is loaded unless it is asked for."""
