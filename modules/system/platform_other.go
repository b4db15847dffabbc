//go:build !linux

package system

import (
	"errors"
	"io/fs"
)

func platformProc() fs.FS { return nil }

func platformCgroup() fs.FS { return nil }

func statfs(string) (usage, error) {
	return usage{}, errors.ErrUnsupported
}
