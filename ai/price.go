package ai

import (
	"bytes"
	"cmp"
	_ "embed" // the table of prices
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Prices is a dated table of what models cost. It does not change and is safe for
// concurrent use. A nil table knows no price.
type Prices struct {
	date       string
	sources    []string
	byProvider map[string][]price // the closest first; under "*" those of any provider
	beneath    *Prices            // asked where this one does not know
}

// price is what a million tokens cost, in millionths of a unit of the currency.
type price struct {
	model    string // a pattern
	currency string
	from     time.Time
	above    int64 // tokens of input beyond which it holds
	order    int   // in its table; the later wins

	input, output, cachedInput, cacheWrite int64
}

//go:embed prices.json
var defaultPrices []byte

var loadPrices = sync.OnceValues(func() (*Prices, error) { return ParsePrices(defaultPrices) })

// DefaultPrices returns the table that ships with this package: list prices for
// single requests, without taxes, discounts and batches, as the pages of
// [Prices.Sources] had them on [Prices.Date]. Prices change: replace or extend it
// where money depends on it.
func DefaultPrices() *Prices {
	p, err := loadPrices()
	if err != nil {
		panic(err) //nolint:forbidigo // a test parses what is embedded
	}
	return p
}

// Bounds of tables.
const (
	maxPriceTable = 4 << 20
	maxPrices     = 10_000
	maxPrice      = 1_000_000 // of a million tokens, in units of the currency
)

type priceTable struct {
	Date     string       `json:"date"`
	Sources  []string     `json:"sources"`
	Currency string       `json:"currency"`
	Prices   []priceEntry `json:"prices"`
}

type priceEntry struct {
	Provider    string       `json:"provider"`
	Models      []string     `json:"models"`
	From        string       `json:"from"`
	Above       int64        `json:"above"`
	Currency    string       `json:"currency"`
	Input       json.Number  `json:"input"`
	Output      json.Number  `json:"output"`
	CachedInput *json.Number `json:"cached_input"`
	CacheWrite  *json.Number `json:"cache_write"`
}

// ParsePrices reads a table:
//
//	{
//	  "date": "2025-12-01",
//	  "sources": ["https://example.com/pricing"],
//	  "currency": "USD",
//	  "prices": [
//	    {"provider": "openai", "models": ["gpt-5", "gpt-5-20*"], "from": "2025-08-07",
//	     "input": 1.25, "cached_input": 0.125, "output": 10}
//	  ]
//	}
//
// Prices are for a million tokens, to a millionth of a unit of the currency, which
// an entry may name itself. Where cached_input or cache_write is missing, input
// is paid for those tokens. In names of models '*' stands for any text; the
// provider "*" is any. Of the entries that match, those of the longest name win;
// of these, the one with the greatest "above" that the request's tokens exceed,
// and with the latest "from" (a day in UTC) that has come. Unknown fields are an
// error.
func ParsePrices(data []byte) (*Prices, error) {
	if len(data) > maxPriceTable {
		return nil, fmt.Errorf("parse prices: the table is larger than %d bytes", maxPriceTable)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var t priceTable
	if err := d.Decode(&t); err != nil {
		return nil, fmt.Errorf("parse prices: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("parse prices: something follows the table")
	}
	if _, err := time.Parse(time.DateOnly, t.Date); err != nil {
		return nil, fmt.Errorf("parse prices: the date %q is not like 2025-12-31", t.Date)
	}
	p := &Prices{date: t.Date, sources: t.Sources, byProvider: map[string][]price{}}
	n := 0
	for i, e := range t.Prices {
		e.Currency = cmp.Or(e.Currency, t.Currency)
		one, err := e.price()
		if err != nil {
			return nil, fmt.Errorf("parse prices: entry %d: %w", i, err)
		}
		if n += len(e.Models); n > maxPrices {
			return nil, fmt.Errorf("parse prices: more than %d names of models", maxPrices)
		}
		for _, model := range e.Models {
			one.model, one.order = model, i
			p.byProvider[e.Provider] = append(p.byProvider[e.Provider], one)
		}
	}
	p.sort()
	return p, nil
}

func (p *Prices) sort() {
	for _, list := range p.byProvider {
		slices.SortFunc(list, func(a, b price) int {
			return cmp.Or(cmp.Compare(literal(b.model), literal(a.model)), strings.Compare(a.model, b.model),
				cmp.Compare(b.above, a.above), b.from.Compare(a.from), cmp.Compare(b.order, a.order))
		})
	}
}

func (e *priceEntry) price() (p price, err error) {
	if e.Provider == "" || len(e.Models) == 0 {
		return p, errors.New("it names no provider or no models")
	}
	for _, m := range e.Models {
		if !validPattern(m) {
			return p, fmt.Errorf("the name %q is empty, too long or has more than four '*'", m)
		}
	}
	if !validCurrency(e.Currency) {
		return p, fmt.Errorf("the currency %q is not like USD", e.Currency)
	}
	if e.Above < 0 {
		return p, errors.New("above is negative")
	}
	p = price{currency: e.Currency, above: e.Above}
	if e.From != "" {
		if p.from, err = time.Parse(time.DateOnly, e.From); err != nil {
			return p, fmt.Errorf("from: %q is not like 2025-12-31", e.From)
		}
	}
	if p.input, err = perMillion(e.Input); err != nil {
		return p, fmt.Errorf("input: %w", err)
	}
	if p.output, err = perMillion(e.Output); err != nil {
		return p, fmt.Errorf("output: %w", err)
	}
	p.cachedInput, p.cacheWrite = p.input, p.input
	if e.CachedInput != nil {
		if p.cachedInput, err = perMillion(*e.CachedInput); err != nil {
			return p, fmt.Errorf("cached_input: %w", err)
		}
	}
	if e.CacheWrite != nil {
		if p.cacheWrite, err = perMillion(*e.CacheWrite); err != nil {
			return p, fmt.Errorf("cache_write: %w", err)
		}
	}
	return p, nil
}

// perMillion reads a decimal number exactly, as millionths.
func perMillion(n json.Number) (int64, error) {
	bad := fmt.Errorf("%q is not a decimal number from 0 to %d with at most six places", n, maxPrice)
	whole, part, _ := strings.Cut(string(n), ".")
	if whole == "" || len(whole) > 7 || len(part) > 6 {
		return 0, bad
	}
	v, err := strconv.ParseUint(whole+part+strings.Repeat("0", 6-len(part)), 10, 63)
	if err != nil || v > maxPrice*1_000_000 {
		return 0, bad
	}
	return int64(v), nil
}

// Date returns the day that the prices were looked up, such as 2025-12-01.
func (p *Prices) Date() string {
	if p == nil {
		return ""
	}
	return p.date
}

// Sources returns the pages that the prices come from.
func (p *Prices) Sources() []string {
	if p == nil {
		return nil
	}
	return slices.Clone(p.sources)
}

// With returns a table that has more's price where it has one, else p's.
func (p *Prices) With(more *Prices) *Prices {
	switch {
	case p == nil:
		return more
	case more == nil:
		return p
	}
	out := *more
	out.sources = slices.Concat(more.sources, p.sources)
	out.beneath = p.With(more.beneath)
	return &out
}

// Cost returns what usage of a provider's model costs at a time, rounded to the
// nearest millionth, half up, and at most the greatest int64. It is Unknown where
// the table has no price. Negative counts are taken for zero.
func (p *Prices) Cost(provider, model string, at time.Time, u Usage) Cost {
	one := p.find(provider, model, at, u.Input)
	if one == nil {
		return Cost{Unknown: true}
	}
	input, cached, written := max(0, u.Input), max(0, u.CachedInput), max(0, u.CacheWrite)
	cached = min(cached, input)
	written = min(written, input-cached)
	var sum micros
	sum.add(input-cached-written, one.input)
	sum.add(cached, one.cachedInput)
	sum.add(written, one.cacheWrite)
	sum.add(max(0, u.Output), one.output)
	return Cost{Micros: sum.rounded(), Currency: one.currency}
}

// find returns the price that holds, nil for none.
func (p *Prices) find(provider, model string, at time.Time, input int64) *price {
	if p == nil {
		return nil
	}
	for _, list := range [...][]price{p.byProvider[provider], p.byProvider["*"]} {
		for i := range list {
			one := &list[i]
			if (one.above == 0 || input > one.above) && !one.from.After(at) && matchPattern(one.model, model) {
				return one
			}
		}
	}
	return p.beneath.find(provider, model, at, input)
}

// micros adds up millionths of millionths in 128 bits, which four products of
// int64 never fill.
type micros struct{ hi, lo uint64 }

func (m *micros) add(tokens, price int64) {
	hi, lo := bits.Mul64(uint64(tokens), uint64(price)) // neither is negative
	var carry uint64
	m.lo, carry = bits.Add64(m.lo, lo, 0)
	m.hi, _ = bits.Add64(m.hi, hi, carry)
}

func (m *micros) rounded() int64 {
	const million = 1_000_000
	lo, carry := bits.Add64(m.lo, million/2, 0)
	hi := m.hi + carry
	if hi >= million {
		return math.MaxInt64
	}
	if q, _ := bits.Div64(hi, lo, million); q <= math.MaxInt64 {
		return int64(q)
	}
	return math.MaxInt64
}
