package openfeaturetest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Feature is one Gherkin document, its outlines expanded.
type Feature struct {
	Name      string
	Scenarios []Scenario
}

// A Scenario is what one test runs: the background's steps and its own.
type Scenario struct {
	Name  string
	Tags  []string // of the feature, the scenario and the examples, with their @
	Steps []Step
}

// A Step is one line without its keyword, and the table below it, if any.
type Step struct {
	Text  string
	Table [][]string
}

// ParseFeature reads the part of Gherkin that the suites use: features,
// backgrounds, scenarios, outlines with examples, tags, tables and comments.
// The error names the line.
func ParseFeature(document []byte) (*Feature, error) {
	p := &parser{}
	lines := bufio.NewScanner(bytes.NewReader(document))
	for number := 1; lines.Scan(); number++ {
		if err := p.line(strings.TrimSpace(lines.Text())); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if err := p.closeScenario(); err != nil {
		return nil, err
	}
	if p.feature.Name == "" {
		return nil, errors.New("no feature")
	}
	return &p.feature, nil
}

// parser holds what is open at a line.
type parser struct {
	feature    Feature
	tags       []string // read, and not yet of anything
	all        []string // the feature's
	background []Step
	open       *outline // the scenario that is being read
	steps      *[]Step  // where the next step goes
	table      *[][]string
}

// outline is a scenario as written, with its examples.
type outline struct {
	Scenario
	examples []example
}

type example struct {
	tags  []string
	table [][]string
}

func (p *parser) line(text string) error {
	switch {
	case text == "" || strings.HasPrefix(text, "#"):
		return nil
	case strings.HasPrefix(text, "@"):
		p.tags = append(p.tags, strings.Fields(text)...)
		return nil
	case strings.HasPrefix(text, "|"):
		return p.row(text)
	}
	p.table = nil
	if keyword, rest, ok := strings.Cut(text, ":"); ok {
		if known, err := p.section(keyword, strings.TrimSpace(rest)); known || err != nil {
			return err
		}
	}
	keyword, rest, _ := strings.Cut(text, " ")
	switch keyword {
	case "Given", "When", "Then", "And", "But":
		if p.steps == nil {
			return errors.New("a step outside a scenario")
		}
		*p.steps = append(*p.steps, Step{Text: strings.TrimSpace(rest)})
		p.table = &(*p.steps)[len(*p.steps)-1].Table
		return nil
	}
	return fmt.Errorf("cannot read %q", text)
}

func (p *parser) section(keyword, name string) (known bool, err error) {
	switch keyword {
	case "Feature":
		p.feature.Name, p.all, p.tags = name, p.tags, nil
		return true, nil
	case "Background":
		p.steps = &p.background
		return true, nil
	case "Scenario", "Scenario Outline":
		if err := p.closeScenario(); err != nil {
			return true, err
		}
		p.open = &outline{Scenario: Scenario{Name: name, Tags: slices.Concat(p.all, p.tags)}}
		p.steps, p.tags = &p.open.Steps, nil
		return true, nil
	case "Examples":
		if p.open == nil {
			return true, errors.New("examples of nothing")
		}
		p.open.examples = append(p.open.examples, example{tags: p.tags})
		p.table, p.steps, p.tags = &p.open.examples[len(p.open.examples)-1].table, nil, nil
		return true, nil
	}
	return false, nil
}

func (p *parser) row(text string) error {
	if p.table == nil {
		return errors.New("a row of no table")
	}
	cells, err := cells(text)
	if err != nil {
		return err
	}
	if len(*p.table) > 0 && len((*p.table)[0]) != len(cells) {
		return fmt.Errorf("a row of %d cells in a table of %d", len(cells), len((*p.table)[0]))
	}
	*p.table = append(*p.table, cells)
	return nil
}

// cells splits a row at its bars and undoes the escapes of a cell: \| \\ \n.
// Any other backslash stands for itself.
func cells(text string) ([]string, error) {
	var found []string
	var cell strings.Builder
	text = text[1:]
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '|':
			found = append(found, strings.TrimSpace(cell.String()))
			cell.Reset()
			continue
		case text[i] == '\\' && i+1 < len(text) && strings.IndexByte(`|\n`, text[i+1]) >= 0:
			i++
			cell.WriteString(map[byte]string{'|': "|", '\\': `\`, 'n': "\n"}[text[i]])
			continue
		}
		cell.WriteByte(text[i])
	}
	if strings.TrimSpace(cell.String()) != "" || len(found) == 0 {
		return nil, errors.New("a row that does not end with |")
	}
	return found, nil
}

// closeScenario expands the open scenario by its examples.
func (p *parser) closeScenario() error {
	if p.open == nil {
		return nil
	}
	o := p.open
	p.open = nil
	if len(o.examples) == 0 {
		p.add(o.Name, o.Tags, o.Steps, nil)
		return nil
	}
	for _, e := range o.examples {
		if len(e.table) == 0 {
			return fmt.Errorf("scenario %q: examples without a table", o.Name)
		}
		for _, row := range e.table[1:] {
			var pairs []string
			for i, name := range e.table[0] {
				pairs = append(pairs, "<"+name+">", row[i])
			}
			p.add(o.Name+"/"+strings.Join(row, ","), slices.Concat(o.Tags, e.tags), o.Steps, strings.NewReplacer(pairs...))
		}
	}
	return nil
}

func (p *parser) add(name string, tags []string, steps []Step, fill *strings.Replacer) {
	s := Scenario{Name: name, Tags: tags, Steps: slices.Clone(p.background)}
	for _, step := range steps {
		filled := Step{Text: step.Text}
		for _, row := range step.Table {
			filled.Table = append(filled.Table, slices.Clone(row))
		}
		if fill != nil {
			filled.Text = fill.Replace(step.Text)
			for _, row := range filled.Table {
				for i := range row {
					row[i] = fill.Replace(row[i])
				}
			}
		}
		s.Steps = append(s.Steps, filled)
	}
	p.feature.Scenarios = append(p.feature.Scenarios, s)
}
