//go:build !linux

package sqlite_test

// systemChildren are the roles that need Linux.
func systemChildren() map[string]func(path string) error { return nil }
