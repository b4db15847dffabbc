package redislimit

import (
	"crypto/sha1" //nolint:gosec // G505: EVALSHA names scripts by it
	_ "embed"
	"encoding/hex"
)

//go:embed script.lua
var scriptText string

func newScript() Script {
	sum := sha1.Sum([]byte(scriptText)) //nolint:gosec // G401: EVALSHA names scripts by it
	return Script{Text: scriptText, SHA1: hex.EncodeToString(sum[:])}
}
