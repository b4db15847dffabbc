package ui

import "io/fs"

// Committed is the build the package embeds.
func Committed() fs.FS {
	sub, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(err)
	}
	return sub
}
