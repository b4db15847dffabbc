package ai

import (
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// literalList has words that have to be the same in texts that mean the same. A
// word too many costs hits; one too few may cost a wrong answer.
const literalList = `
no not never none nothing nobody nowhere neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt couldnt mustnt
hasnt havent hadnt neednt aint except unless hardly barely instead rather only non exclude excluding excluded avoid

nicht nichts nie niemals niemand niemanden niemandem niemandes nirgends nirgendwo kein keine keinen keinem keiner keines keinerlei keinesfalls keineswegs
weder noch ohne außer ausser statt nur kaum ausgenommen sondern ausschließlich

ne pas jamais rien aucun aucune personne sans ni nunca jamás nada nadie ningún ninguno ninguna sin tampoco mai niente nessuno nessuna senza né não nem
sem nenhum nenhuma ninguém niet niets nooit niemand geen zonder noch sino sauf excepto

zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty
sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion billions trillion dozen half halves quarter third thirds first second fourth fifth sixth
seventh eighth ninth tenth once twice thrice double triple single both all every each any some many few several most least

null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig vierzig
fünfzig sechzig siebzig achtzig neunzig hundert tausend million millionen milliarde milliarden dutzend halb halbe halben hälfte viertel drittel erste ersten erster erstes zweite
zweiten dritte dritten vierte vierten einmal zweimal dreimal doppelt beide beiden alle alles jede jeder jedes jeden einige manche viele wenige mehrere meisten

january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday
jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun today tomorrow yesterday tonight now ago last next previous current
januar februar märz april mai juni juli august september oktober november dezember montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
heute morgen gestern übermorgen vorgestern jetzt letzte letzten letzter letztes nächste nächsten nächster nächstes vorige vorigen aktuell aktuelle
second seconds minute minutes hour hours day days week weeks month months year years sekunde sekunden minute minuten stunde stunden tag tage tagen woche wochen
monat monate monaten jahr jahre jahren

before after above below over under up down left right out into off from with more less fewer larger smaller bigger greater higher lower
better worse best worst newer older newest oldest min max minimum maximum increase decrease increased decreased enable disable enabled disabled allow deny
allowed denied forbid forbidden permit accept reject open close opened closed start stop begin end add remove insert delete create destroy install
uninstall upgrade downgrade buy sell import export encrypt decrypt encode decode push pull read write send receive true false yes win lose rise
fall pass fail success failure advantage advantages disadvantage disadvantages pro pros con cons hot cold good bad legal illegal safe unsafe possible impossible
valid invalid public private internal external input output source target client server inbound outbound ascending descending asc desc

vor nach über unter ab aus von mehr weniger größer kleiner höher niedriger besser schlechter neuer älter erhöhen senken
verringern aktivieren deaktivieren aktiviert deaktiviert erlauben verbieten erlaubt verboten annehmen ablehnen öffnen schließen starten stoppen beginnen
beenden hinzufügen entfernen einfügen löschen erstellen installieren deinstallieren kaufen verkaufen verschlüsseln entschlüsseln lesen schreiben senden
empfangen wahr falsch ja nein gewinnen verlieren vorteil vorteile nachteil nachteile gut schlecht legal illegal sicher unsicher möglich unmöglich gültig
ungültig öffentlich privat links rechts oben unten innen außen
`

func literalWords(more []string) map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(literalList) {
		words[w] = true
	}
	for _, w := range more {
		words[strings.ToLower(w)] = true
	}
	for w := range strings.FieldsSeq(starters) {
		if !words[w] {
			words[w] = false // known, and no literal
		}
	}
	return words
}

// literalsOf returns what has to be the same in a text that means the same, in
// order, and false for a text of which that cannot be told.
func literalsOf(text string, words map[string]bool) ([]string, bool) {
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) || len(text) > semanticText {
		return nil, false
	}
	l := literals{words: words, first: true}
	for text != "" {
		if n := l.quoted(text); n > 0 {
			text = text[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		if unicode.IsSpace(r) {
			l.first = l.first || r == '\n'
			text = text[n:]
			continue
		}
		n = strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("\"“”„«»`", r) })
		switch n {
		case -1:
			n = len(text)
		case 0: // a quotation mark without its other
			_, n = utf8.DecodeRuneInString(text)
		}
		if !l.word(text[:n]) {
			return nil, false
		}
		text = text[n:]
	}
	return l.found, true
}

type literals struct {
	words map[string]bool
	found []string
	first bool // a sentence begins here
}

var quotes = []struct{ open, end string }{{"```", "```"}, {"`", "`"}, {`"`, `"`}, {"“", "”"}, {"„", "“"}, {"„", "”"}, {"«", "»"}, {"»", "«"}, {"‘", "’"}, {"‚", "‘"}}

// quoted takes what is quoted at the begin of a text, and returns its length.
func (l *literals) quoted(text string) int {
	for _, q := range quotes {
		rest, ok := strings.CutPrefix(text, q.open)
		if !ok {
			continue
		}
		if inner, _, ok := strings.Cut(rest, q.end); ok {
			l.found = append(l.found, "quoted", inner)
			l.first = false
			return len(q.open) + len(inner) + len(q.end)
		}
	}
	if rest, ok := strings.CutPrefix(text, "'"); ok { // an apostrophe is inside of a word, or at its end
		if inner, after, ok := strings.Cut(rest, "'"); ok && inner != "" && (after == "" || !unicode.IsLetter(rune(after[0]))) {
			l.found = append(l.found, "quoted", inner)
			l.first = false
			return len(inner) + 2
		}
	}
	return 0
}

// starters begin sentences and are no names.
const starters = `
what which who whom whose when where why how can could should would will may might is are was were am do does did has have had please tell give show
explain describe summarize translate compare list write find help make create suggest define calculate the a an i my we our you your it its this that
these those there if as at in on for and or but so to of hi hello hey thanks let need want
was welche welcher welches wer wen wem wessen wann wo wie warum wieso weshalb wozu kann können könntest kannst könnte soll sollte wird würde ist sind
bin habe hat haben bitte sag nenne zeig zeige erkläre erklär beschreibe übersetze vergleiche liste schreibe schreib finde hilf mach mache der die das
den dem ein eine ich mein meine wir unser du dein es diese dieser dieses gibt wenn als am im in für und oder aber zu hallo danke`

const around = ".,;:!?()[]{}…'’‘‚"

// word looks at what is between two spaces. It returns false where it is of a
// script whose negations nobody here knows.
func (l *literals) word(token string) bool {
	word := strings.Trim(token, around)
	if code := strings.ContainsAny(token, `{}[]<>=_\/|@#$%^&*+~`) || strings.Contains(token, "()"); code {
		word = token // as it is
		l.found = append(l.found, "code", word)
	} else if word != "" {
		l.plain(word)
	}
	for _, r := range token {
		if unicode.IsLetter(r) && !unicode.In(r, unicode.Latin, unicode.Common) {
			return false
		}
	}
	end := token[len(token)-1]
	l.first = end == '!' || end == '?' || end == ':' || end == '.' && len(word) > 4 // not after Dr.
	return true
}

func (l *literals) plain(word string) {
	lower := strings.ToLower(word)
	var digits, upper, inside, other bool
	for i, r := range word {
		switch {
		case unicode.IsNumber(r):
			digits = true
		case unicode.IsUpper(r):
			upper = true
			inside = inside || i > 0
		case unicode.IsLetter(r), r == '-', r == '\'', r == '’':
		default:
			other = true // 3:30, a.b, signs, symbols, and accents apart from their letters
		}
	}
	switch {
	case digits, other, inside, upper && !l.begins(lower):
		l.found = append(l.found, "word", word)
		return
	}
	bare := strings.NewReplacer("'", "", "’", "").Replace(lower)
	if strings.HasSuffix(bare, "nt") && bare != lower && strings.HasSuffix(lower, "t") { // don't, isn’t
		l.found = append(l.found, "not", bare)
		return
	}
	for part := range strings.SplitSeq(lower, "-") { // non-empty, twenty-one
		if l.words[part] || denies(part) {
			l.found = append(l.found, "word", part)
		}
	}
	if bare != lower && l.words[bare] {
		l.found = append(l.found, "word", bare)
	}
}

// begins reports whether a word with a capital is the begin of a sentence and no
// name.
func (l *literals) begins(lower string) bool {
	if i := strings.IndexAny(lower, "'’"); i > 0 { // what's, I'm
		lower = lower[:i]
	}
	_, known := l.words[lower]
	return lower == "i" || l.first && known
}

// denies reports whether a word looks like one that denies by its begin or end.
func denies(word string) bool {
	for _, begin := range [...]string{"un", "dis", "non", "anti", "nicht"} {
		if strings.HasPrefix(word, begin) {
			return true
		}
	}
	for _, end := range [...]string{"less", "free", "los", "frei"} {
		if strings.HasSuffix(word, end) {
			return true
		}
	}
	return false
}

// wordOrder tells texts apart that have the same words in another order, such as
// "convert miles to feet".
type wordOrder struct{ sequence, bag uint64 }

func orderOf(text string) (o wordOrder) {
	sequence := fnv.New64a()
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		one := fnv.New64a()
		for _, w := range [...]string{strings.Trim(word, around), " "} {
			_, _ = sequence.Write([]byte(w))
			_, _ = one.Write([]byte(w))
		}
		o.bag += one.Sum64()
	}
	o.sequence = sequence.Sum64()
	return o
}

// turned reports whether only the order differs.
func (o wordOrder) turned(p wordOrder) bool { return o.bag == p.bag && o.sequence != p.sequence }
