package esxi

import (
	"fmt"
	"strings"
)

// list is what a shell runs one after the other.
type list []entry

// entry is a chain of commands, joined by && and ||.
type entry struct {
	chain      []link
	background bool
}

type link struct {
	joint string // "", "&&" or "||": what stands before it
	command
}

// command is a simple one or, in parentheses, a list.
type command struct {
	words    []string
	group    list
	grouped  bool
	detached bool // its output goes to a file, or nowhere
}

type token struct {
	text string
	word bool
}

// parse reads a script of the kind that injectors send: commands, quotes, ; & && || ( ) and redirections.
func parse(script string) (list, error) {
	tokens, err := scan(script)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	l, err := p.list()
	if err == nil && p.at < len(p.tokens) {
		err = p.unexpected()
	}
	return l, err
}

// scan splits a script into words and operators.
func scan(script string) ([]token, error) {
	var tokens []token
	var word strings.Builder
	inWord := false
	end := func() {
		if inWord {
			tokens = append(tokens, token{word.String(), true})
			word.Reset()
			inWord = false
		}
	}
	for i := 0; i < len(script); i++ {
		c := script[i]
		switch {
		case c == '\'' || c == '"':
			closing := strings.IndexByte(script[i+1:], c)
			if closing < 0 {
				return nil, fmt.Errorf("syntax error: unterminated quoted string")
			}
			quoted := script[i+1 : i+1+closing]
			if c == '"' && strings.ContainsAny(quoted, "$`\\") {
				return nil, fmt.Errorf("the lab's shell does not expand %s", quoted)
			}
			word.WriteString(quoted)
			inWord, i = true, i+1+closing
		case c == '\\' && i+1 < len(script):
			i++
			word.WriteByte(script[i])
			inWord = true
		case strings.IndexByte("$`|*?", c) >= 0 && !strings.HasPrefix(script[i:], "||"):
			return nil, fmt.Errorf("the lab's shell does not know %c", c)
		case c == ' ' || c == '\t':
			end()
		case c == '>' || c == '<' || c == '&' && i+1 < len(script) && script[i+1] == '>':
			n := redirection(script[i:])
			if number := word.String(); number == "1" || number == "2" {
				word.Reset()
				inWord = false
			}
			end()
			tokens = append(tokens, token{script[i : i+n], false})
			i += n - 1
		case strings.IndexByte(";&|()\n", c) >= 0:
			end()
			n := 1
			if c != ';' && i+1 < len(script) && script[i+1] == c && (c == '&' || c == '|') {
				n = 2
			}
			tokens = append(tokens, token{strings.ReplaceAll(script[i:i+n], "\n", ";"), false})
			i += n - 1
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	end()
	return tokens, nil
}

// redirection is the length of the operator that the text begins with, a descriptor behind it included.
func redirection(text string) int {
	n := len(text) - len(strings.TrimLeft(text, "&<>"))
	if text[n-1] == '&' && n < len(text) { // >&1
		n++
	}
	return n
}

type parser struct {
	tokens []token
	at     int
}

func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *parser) unexpected() error {
	if p.at >= len(p.tokens) {
		return fmt.Errorf("syntax error: unexpected end of file")
	}
	return fmt.Errorf("syntax error: unexpected %q", p.peek().text)
}

func (p *parser) operator(texts ...string) bool {
	t := p.peek()
	for _, text := range texts {
		if !t.word && t.text == text {
			p.at++
			return true
		}
	}
	return false
}

func (p *parser) list() (list, error) {
	var l list
	for {
		for p.operator(";") {
		}
		if t := p.peek(); p.at >= len(p.tokens) || !t.word && t.text == ")" {
			return l, nil
		}
		e, err := p.entry()
		if err != nil {
			return nil, err
		}
		switch {
		case p.operator("&"):
			e.background = true
		case p.operator(";"):
		case p.at < len(p.tokens) && p.peek().text != ")":
			return nil, p.unexpected()
		}
		l = append(l, e)
	}
}

func (p *parser) entry() (entry, error) {
	var e entry
	joint := ""
	for {
		c, err := p.command()
		if err != nil {
			return e, err
		}
		e.chain = append(e.chain, link{joint, c})
		joint = p.peek().text
		if !p.operator("&&", "||") {
			return e, nil
		}
	}
}

func (p *parser) command() (command, error) {
	var c command
	if p.operator("(") {
		l, err := p.list()
		if err != nil {
			return c, err
		}
		if !p.operator(")") {
			return c, p.unexpected()
		}
		c.group, c.grouped = l, true
	}
	for {
		t := p.peek()
		switch {
		case t.word && !c.grouped:
			c.words = append(c.words, t.text)
			p.at++
		case t.text != "" && !t.word && strings.ContainsAny(t.text, "<>"):
			p.at++
			if strings.ContainsAny(t.text, ">") {
				c.detached = true
			}
			if last := t.text[len(t.text)-1]; last == '>' || last == '<' {
				if !p.peek().word {
					return c, p.unexpected()
				}
				p.at++
			}
		case len(c.words) == 0 && !c.grouped:
			return c, p.unexpected()
		default:
			return c, nil
		}
	}
}
