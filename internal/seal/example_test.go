package seal_test

import (
	"bytes"
	"fmt"

	"github.com/modular-dashboard/dashboard/internal/seal"
)

func ExampleBox() {
	march := seal.Key{ID: "2026-03", Key: bytes.Repeat([]byte{3}, seal.KeySize)}
	june := seal.Key{ID: "2026-06", Key: bytes.Repeat([]byte{6}, seal.KeySize)}

	before, _ := seal.New(march)
	sealed, _ := before.Seal("settings/mail/password", []byte("hunter2"))

	after, _ := seal.New(june, march) // rotated: newest first
	plain, err := after.Open("settings/mail/password", sealed)
	fmt.Println(string(plain), err, after.Current(sealed))

	_, err = after.Open("settings/other/password", sealed)
	fmt.Println(err)
	// Output:
	// hunter2 <nil> false
	// seal: text does not open
}
