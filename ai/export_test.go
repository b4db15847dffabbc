package ai

import "encoding/binary"

// ExportSeal gives an entry a checksum that is right.
func ExportSeal(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b[:len(b):len(b)], checksum(b))
}
