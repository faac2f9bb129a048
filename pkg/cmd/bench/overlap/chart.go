package overlap

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The drawing, in pixels: a row for each policy, a column for each behaviour and thief.
const (
	chartLeft, chartTop = 270, 108
	cellWidth, cellGap  = 84, 10
	cellHeight, rowStep = 16, 38
	panelGap            = 26
	bad, good, ink, dim = "#c2410c", "#15803d", "#333b45", "#6b7480"
)

// SVG draws the tables as bars on logarithmic scales.
func (r Results) SVG() string {
	var out strings.Builder
	columns := len(Behaviours()) + len(Thieves())
	width := chartLeft + columns*(cellWidth+cellGap) + panelGap + 20
	height := chartTop + len(Policies())*rowStep + 30
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`font-family="system-ui, sans-serif" font-size="12" fill="%s">`+"\n", width, height, width, height, ink)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	write(&out, 20, 30, `font-size="16" font-weight="600"`, "What a rule for rotated refresh tokens costs honest clients, and how long it leaves a thief")
	write(&out, columnX(0), 62, `font-weight="600"`, "false logouts per 10 000 sessions")
	write(&out, columnX(len(Behaviours())), 62, `font-weight="600"`, "life of nine in ten thieves, at most")
	for i, b := range Behaviours() {
		heading(&out, i, b.Name)
	}
	for i, t := range Thieves() {
		heading(&out, len(Behaviours())+i, t.Name)
	}
	for i, p := range Policies() {
		r.row(&out, i, p)
	}
	write(&out, 20, height-12, `font-size="11" fill="`+dim+`"`, fmt.Sprintf(
		"%d and %d sessions in virtual time for each bar, seed %d; lengths are logarithmic", r.Sessions, r.Thefts, r.Seed))
	out.WriteString("</svg>\n")
	return out.String()
}

func (r Results) row(out *strings.Builder, policy int, p Policy) {
	y := chartTop + policy*rowStep
	write(out, 20, y+12, `font-weight="600"`, p.Name)
	products := names(p.Products, func(p Product) string { name, _, _ := strings.Cut(p.Name, ","); return name })
	write(out, 20, y+26, `font-size="10" fill="`+dim+`"`, strings.Join(products, ", "))
	for i, n := range r.Logouts[policy] {
		share := float64(n) / float64(r.Sessions)
		cell(out, i, y, math.Log10(1+share*9999)/4, r.per10000(n))
	}
	for i, lives := range r.Lives[policy] {
		d := lives.Quantile(0.9)
		length := math.Log10(1+min(d, horizon).Seconds()) / math.Log10(1+horizon.Seconds())
		cell(out, len(r.Logouts[policy])+i, y, length, brief(d))
	}
}

// cell draws a bar of a length between 0 and 1, with its value.
func cell(out *strings.Builder, column, y int, length float64, value string) {
	x, colour := columnX(column), bad
	if length == 0 {
		colour = good
	}
	fmt.Fprintf(out, `<rect x="%d" y="%d" width="%d" height="%d" fill="#f1f3f5"/>`+"\n", x, y, cellWidth, cellHeight)
	fmt.Fprintf(out, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s" fill-opacity="0.35"/>`+"\n", x, y, cellWidth*length, cellHeight, colour)
	write(out, x+4, y+12, `font-weight="600" fill="`+colour+`"`, value)
}

func heading(out *strings.Builder, column int, name string) {
	first, second, _ := strings.Cut(name, ", ")
	write(out, columnX(column), 82, `fill="`+dim+`"`, first)
	write(out, columnX(column), 96, `fill="`+dim+`"`, second)
}

func columnX(column int) int {
	x := chartLeft + column*(cellWidth+cellGap)
	if column >= len(Behaviours()) {
		x += panelGap
	}
	return x
}

func write(out *strings.Builder, x, y int, attributes, text string) {
	fmt.Fprintf(out, `<text x="%d" y="%d" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(text))
}
