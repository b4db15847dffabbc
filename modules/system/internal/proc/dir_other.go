//go:build !unix

package proc

// read appends the text of a file to buf.
func (d Dir) read(name string, buf []byte) ([]byte, error) { return readFrom(d, name, buf) }
