package bind

import "strconv"

// step is one member or element on the way to a value. Its text is made only when it is needed:
// name, or the key whose quote is at key-1, or the index.
type step struct {
	name  string
	key   int
	index int
}

func (s *scanner) push(st step) { s.path = append(s.path, st) }
func (s *scanner) pop()         { s.path = s.path[:len(s.path)-1] }

// pointer returns the RFC 6901 JSON pointer of the current value.
func (s *scanner) pointer() string {
	var b []byte
	for _, st := range s.path {
		b = append(b, '/')
		switch {
		case st.key > 0:
			sub := scanner{data: s.data, pos: st.key - 1}
			key, _ := sub.str()
			b = appendToken(b, string(key))
		case st.name != "" || st.index < 0:
			b = appendToken(b, st.name)
		default:
			b = strconv.AppendInt(b, int64(st.index), 10)
		}
	}
	return string(b)
}

// appendToken appends a reference token, escaped as RFC 6901 section 3 says.
func appendToken(b []byte, token string) []byte {
	for i := range len(token) {
		switch c := token[i]; c {
		case '~':
			b = append(b, '~', '0')
		case '/':
			b = append(b, '~', '1')
		default:
			b = append(b, c)
		}
	}
	return b
}
