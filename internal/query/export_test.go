package query

import "encoding/base64"

// SealRaw makes a cursor of any bytes, with a good signature.
func SealRaw(key []byte, list, q string, raw []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(mac(key, list, q, raw), raw...))
}
