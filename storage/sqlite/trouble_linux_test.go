package sqlite_test

func childFileLimit(path string) error    { return nil }
func childSmallDisk(path string) error    { return nil }
func childUnprivileged(path string) error { return nil }
