package featureflag_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// A file of definitions is enough: no database, no dashboard.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "flags")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "flags.json")
	os.WriteFile(path, []byte(`{"flags": {"greeting": {
		"state": "ENABLED",
		"variants": {"short": "Hi", "long": "Good morning"},
		"defaultVariant": "short"
	}}}`), 0o600)

	file, err := featureflag.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()

	fmt.Println(file.Flags().String(context.Background(), "greeting", "Hello"))
	// Output: Hi
}
