// Package timelines draws how the lab handles each fault, beside what is documented.
package timelines

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// Mark is one instant of a timeline, in lab seconds after the fault. Documented is negative where no source gives one.
type Mark struct {
	What                 string
	Measured, Documented float64
}

// Timeline is what followed a fault, measured at a time scale.
type Timeline struct {
	Fault string
	Scale float64
	Marks []Mark
}

const (
	width, left, right = 960.0, 20.0, 300.0
	top, row           = 64.0, 26.0
)

// SVG draws a timeline: a row for each instant, a ring where it is documented and a dot where it was measured.
func (t Timeline) SVG() string {
	marks := slices.Clone(t.Marks)
	slices.SortStableFunc(marks, func(a, b Mark) int { return int(math.Copysign(1, a.Measured-b.Measured)) })
	end := 10.0
	for _, m := range marks {
		end = max(end, m.Measured, m.Documented)
	}
	end = math.Ceil(end/10) * 10
	x := func(seconds float64) float64 { return left + seconds/end*(width-left-right) }
	bottom := top + row*float64(len(marks))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="13" fill="#222">`+"\n", width, bottom+28)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	fmt.Fprintf(&b, `<text x="%.0f" y="24" font-size="16" font-weight="bold">%s</text>`+"\n", left, html.EscapeString(t.Fault))
	fmt.Fprintf(&b, `<text x="%.0f" y="44" fill="#555">lab seconds after the fault, measured at time scale %g; ring: documented, dot: measured</text>`+"\n", left, t.Scale)
	step := 5.0
	if end > 60 {
		step = 10
	}
	for s := 0.0; s <= end; s += step {
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%.0f" y2="%.0f" stroke="#ddd"/><text x="%.1f" y="%.0f" text-anchor="middle" fill="#555">%g</text>`+"\n",
			x(s), x(s), top-8, bottom, x(s), bottom+18, s)
	}
	for i, m := range marks {
		y := top + row*(float64(i)+0.5)
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#bbb"/>`, x(0), x(m.Measured), y, y)
		documented := ""
		if m.Documented >= 0 {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="7" fill="none" stroke="#06c" stroke-width="2"/>`, x(m.Documented), y)
			documented = fmt.Sprintf(" (%g)", m.Documented)
		}
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="4" fill="#c30"/>`, x(m.Measured), y)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%.1f%s %s</text>`+"\n", width-right+12, y+4.5, m.Measured, documented, html.EscapeString(m.What))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// Text is the same in lines.
func (t Timeline) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (time scale %g)\n", t.Fault, t.Scale)
	for _, m := range t.Marks {
		documented := "     –"
		if m.Documented >= 0 {
			documented = fmt.Sprintf("%6.1f", m.Documented)
		}
		fmt.Fprintf(&b, "  documented %s  measured %6.1f  %s\n", documented, m.Measured, m.What)
	}
	return b.String()
}
