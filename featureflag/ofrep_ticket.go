package featureflag

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// ticketEpoch is how long callers get the same ticket. It is good for one to
// two epochs, so that a bulk answer and its entity tag change twice a day only.
const ticketEpoch = 12 * time.Hour

const ticketMAC = 16

// newTicket signs the right of a caller to listen.
func newTicket(key []byte, caller string, now time.Time) string {
	expires := now.Truncate(ticketEpoch).Add(2 * ticketEpoch)
	plain := append(binary.BigEndian.AppendUint64(nil, uint64(expires.Unix())), caller...)
	return base64.RawURLEncoding.EncodeToString(append(plain, signTicket(key, plain)...))
}

// openTicket returns whose a ticket is and until when it is good.
func openTicket(key []byte, ticket string, now time.Time) (caller string, expires time.Time, ok bool) {
	if len(ticket) > 4096 || strings.ContainsAny(ticket, "\r\n") { // the decoder skips these
		return "", time.Time{}, false
	}
	signed, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(signed) < 8+ticketMAC {
		return "", time.Time{}, false
	}
	plain, mac := signed[:len(signed)-ticketMAC], signed[len(signed)-ticketMAC:]
	if !hmac.Equal(mac, signTicket(key, plain)) {
		return "", time.Time{}, false
	}
	expires = time.Unix(int64(binary.BigEndian.Uint64(plain)), 0)
	return string(plain[8:]), expires, now.Before(expires)
}

func signTicket(key, plain []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("featureflag event stream\n"))
	mac.Write(plain)
	return mac.Sum(nil)[:ticketMAC]
}
