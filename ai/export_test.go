package ai

import (
	"encoding/binary"
	"slices"
)

// ExportSeal gives an entry a checksum that is right.
func ExportSeal(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(slices.Clip(b), checksum(b))
}
