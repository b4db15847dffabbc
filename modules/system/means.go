package system

import "math"

// means adds up rows of metrics, and leaves out what was not measured.
type means struct {
	sum, peak []float64
	count     []int
}

func newMeans(columns int) means {
	return means{sum: make([]float64, columns), peak: make([]float64, columns), count: make([]int, columns)}
}

func (m *means) add(row []float32) {
	for c, v := range row {
		if v := float64(v); !math.IsNaN(v) {
			m.put(c, v, v, 1)
		}
	}
}

func (m *means) put(c int, sum, peak float64, count int) {
	if m.count[c] == 0 || peak > m.peak[c] {
		m.peak[c] = peak
	}
	m.sum[c] += sum
	m.count[c] += count
}

// merge adds what another one has added up.
func (m *means) merge(other means) {
	for c, n := range other.count {
		if n > 0 {
			m.put(c, other.sum[c], other.peak[c], n)
		}
	}
}
