"""The machines of a cluster as an engine, by Dask, which is loaded where it is asked for."""
