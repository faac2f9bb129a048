package main

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
)

// plot draws two panels over one axis of time: latencies, on a logarithmic scale, and requests per second.
type plot struct {
	title, subtitle, note string
	length                time.Duration // of an interval
	intervals             []stats
}

// The places of the drawing, in pixels.
const (
	width, height         = 960, 620
	left, right           = 72, 880
	latencyTop, latencyH  = 84, 300
	rateTop, rateH        = 442, 120
	gridColour, inkColour = "#e3e6ea", "#333b45"
)

// series is one line of the upper panel.
type series struct {
	name, colour string
	value        func(stats) time.Duration
}

// quantiles are the lines of the upper panel, from its top.
func quantiles() []series {
	return []series{
		{"p99", "#c2410c", func(s stats) time.Duration { return s.p99 }},
		{"p95", "#d99a1c", func(s stats) time.Duration { return s.p95 }},
		{"p50", "#1d5fbf", func(s stats) time.Duration { return s.p50 }},
	}
}

func (p plot) svg() string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`font-family="system-ui, sans-serif" font-size="13" fill="%s">`+"\n", width, height, width, height, inkColour)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	label(&out, left, 30, `font-size="16" font-weight="600"`, p.title)
	label(&out, left, 50, `fill="#6b7480"`, p.subtitle)
	label(&out, left, height-14, `fill="#6b7480" font-size="11"`, p.note)
	p.latencies(&out)
	p.rates(&out)
	p.time(&out)
	out.WriteString("</svg>\n")
	return out.String()
}

// latencies draws the upper panel, from a power of ten below the least to the next step above the greatest.
func (p plot) latencies(out *strings.Builder) {
	low, high := bounds(p.intervals)
	y := func(ms float64) float64 {
		share := (math.Log10(min(max(ms, low), high)) - math.Log10(low)) / (math.Log10(high) - math.Log10(low))
		return latencyTop + latencyH*(1-share)
	}
	label(out, left, latencyTop-12, `font-weight="600"`, "latency, ms (logarithmic)")
	for _, tick := range ticks(low, high) {
		line(out, y(tick))
		label(out, left-8, y(tick)+4, `text-anchor="end"`, fmt.Sprintf("%g", tick))
	}
	taken := math.Inf(-1)
	for _, s := range quantiles() {
		last := 0.0
		p.draw(out, s.colour, func(i stats) float64 {
			last = y(measure.Milliseconds(s.value(i)))
			return last
		})
		taken = max(last+4, taken+16) // names of lines that end close together do not overlap
		label(out, right+8, taken, fmt.Sprintf(`fill="%s" font-weight="600"`, s.colour), s.name)
	}
}

// rates draws the lower panel, from zero.
func (p plot) rates(out *strings.Builder) {
	greatest := 0.0
	for _, s := range p.intervals {
		greatest = max(greatest, p.rate(s))
	}
	top := niceAbove(greatest)
	y := func(rate float64) float64 { return rateTop + rateH*(1-rate/top) }
	label(out, left, rateTop-12, `font-weight="600"`, "requests per second")
	for _, tick := range []float64{0, top / 2, top} {
		line(out, y(tick))
		label(out, left-8, y(tick)+4, `text-anchor="end"`, fmt.Sprintf("%g", tick))
	}
	p.draw(out, inkColour, func(s stats) float64 { return y(p.rate(s)) })
}

func (p plot) rate(s stats) float64 { return float64(s.count) / p.length.Seconds() }

// draw puts a line through the middles of the intervals. Where nothing ended there is a gap.
func (p plot) draw(out *strings.Builder, colour string, y func(stats) float64) {
	var path strings.Builder
	command := "M"
	for i, s := range p.intervals {
		if s.count == 0 {
			command = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", command, p.x(float64(i)+0.5), y(s))
		command = "L"
	}
	fmt.Fprintf(out, `<path d="%s" fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"/>`+"\n", path.String(), colour)
}

func (p plot) x(interval float64) float64 {
	return left + (right-left)*interval/float64(max(1, len(p.intervals)))
}

// time draws the axis that both panels share.
func (p plot) time(out *strings.Builder) {
	total := p.length.Seconds() * float64(len(p.intervals))
	const labels = 10
	step := max(1, niceAbove(total/labels))
	for at := 0.0; at <= total; at += step {
		x := p.x(at / p.length.Seconds())
		label(out, x, rateTop+rateH+20, `text-anchor="middle"`, fmt.Sprintf("%g s", at))
	}
}

func line(out *strings.Builder, y float64) {
	fmt.Fprintf(out, `<path d="M%d %.1fH%d" stroke="%s"/>`+"\n", left, y, right, gridColour)
}

func label(out *strings.Builder, x, y float64, attributes, text string) {
	fmt.Fprintf(out, `<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(text))
}

// bounds are the ends of the latency scale, in milliseconds: steps of 1, 2 and 5.
func bounds(all []stats) (low, high float64) {
	low, high = math.Inf(1), 0
	for _, s := range all {
		if s.count > 0 {
			low, high = min(low, measure.Milliseconds(s.p50)), max(high, measure.Milliseconds(s.p99))
		}
	}
	const least = 0.01
	if high == 0 {
		return 1, 10
	}
	high = niceAbove(max(high, least))
	low = min(niceAbove(max(low, least)/2.5), high/10)
	return low, high
}

// niceAbove is the least of 1, 2 and 5 times a power of ten that is not below a value; 1 for none.
func niceAbove(value float64) float64 {
	if value <= 0 {
		return 1
	}
	exponent := math.Floor(math.Log10(value))
	for _, m := range []float64{1, 2, 5} {
		if nice := scaled(m, exponent); nice >= value {
			return nice
		}
	}
	return scaled(1, exponent+1)
}

// scaled is m times ten to the exponent, exact for what an axis says.
func scaled(m, exponent float64) float64 {
	if exponent < 0 {
		return m / math.Pow10(int(-exponent))
	}
	return m * math.Pow10(int(exponent))
}

// ticks are the steps of 1, 2 and 5 from low to high.
func ticks(low, high float64) []float64 {
	var all []float64
	for exponent := math.Floor(math.Log10(low)); exponent <= math.Ceil(math.Log10(high)); exponent++ {
		for _, m := range []float64{1, 2, 5} {
			if tick := scaled(m, exponent); tick >= low && tick <= high {
				all = append(all, tick)
			}
		}
	}
	return all
}
