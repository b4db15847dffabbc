package proc

import "bytes"

// Mount is one line of /proc/self/mountinfo.
type Mount struct {
	Device string // "major:minor" of the file system, the same for each place it is mounted
	Point  string // where it is mounted
	Type   string // ext4, xfs, overlay, …
	Source string // /dev/vda1, …
}

// ParseMountinfo reads the text of /proc/self/mountinfo, in the kernel's order.
// It reuses dst. It is an error if there are lines and none can be read.
func ParseMountinfo(text []byte, dst []Mount) ([]Mount, error) {
	dst = dst[:0]
	lines := 0
	for len(text) > 0 {
		var line []byte
		line, text = nextLine(text)
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		lines++
		// Optional fields stand between the options and a lone hyphen.
		left, right, ok := bytes.Cut(line, []byte(" - "))
		if !ok {
			continue
		}
		_, left = nextField(left) // mount id
		_, left = nextField(left) // parent id
		device, left := nextField(left)
		_, left = nextField(left) // root within the file system
		point, _ := nextField(left)
		kind, right := nextField(right)
		source, _ := nextField(right)
		if len(device) == 0 || len(point) == 0 || len(kind) == 0 {
			continue
		}
		dst = append(dst, Mount{
			Device: string(device), Point: unescape(point), Type: string(kind), Source: unescape(source),
		})
	}
	if lines > 0 && len(dst) == 0 {
		return dst, malformed("mountinfo", "mount line")
	}
	return dst, nil
}

// unescape undoes the kernel's octal escapes of blank, tab, newline and
// backslash in a path.
func unescape(path []byte) string {
	if bytes.IndexByte(path, '\\') < 0 {
		return string(path)
	}
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' && i+3 < len(path) && octal(path[i+1], '3') && octal(path[i+2], '7') && octal(path[i+3], '7') {
			out = append(out, (path[i+1]-'0')<<6|(path[i+2]-'0')<<3|(path[i+3]-'0'))
			i += 3
			continue
		}
		out = append(out, path[i])
	}
	return string(out)
}

func octal(c, highest byte) bool { return '0' <= c && c <= highest }
