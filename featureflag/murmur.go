package featureflag

import "math/bits"

// A murmur is the 32-bit x86 variant of MurmurHash3 with seed 0, which flagd
// buckets with, over a text that comes in pieces.
type murmur struct {
	h    uint32
	tail uint32 // bytes not yet mixed in, the first lowest
	size uint32
}

const (
	murmurC1 = 0xcc9e2d51
	murmurC2 = 0x1b873593
)

func (m *murmur) block(k uint32) {
	m.h ^= bits.RotateLeft32(k*murmurC1, 15) * murmurC2
	m.h = bits.RotateLeft32(m.h, 13)*5 + 0xe6546b64
}

func (m *murmur) write(s string) {
	held := m.size & 3
	m.size += uint32(len(s))
	if held != 0 {
		for held < 4 && len(s) > 0 {
			m.tail |= uint32(s[0]) << (8 * held)
			s = s[1:]
			held++
		}
		if held < 4 {
			return
		}
		m.block(m.tail)
		m.tail = 0
	}
	for len(s) >= 4 {
		m.block(uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24)
		s = s[4:]
	}
	for i := range len(s) {
		m.tail |= uint32(s[i]) << (8 * i)
	}
}

func (m *murmur) sum() uint32 {
	h := m.h
	if m.size&3 != 0 {
		h ^= bits.RotateLeft32(m.tail*murmurC1, 15) * murmurC2
	}
	h ^= m.size
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
