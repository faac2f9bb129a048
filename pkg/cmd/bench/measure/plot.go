package measure

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// Plot draws latencies, on a logarithmic scale, and requests per second over one axis of time.
type Plot struct {
	Title, Subtitle, Note string
	Length                time.Duration // of an interval
	Intervals             []Stats
}

// The drawing, in pixels.
const (
	width, height         = 960, 620
	left, right           = 72, 880
	latencyTop, latencyH  = 84, 300
	rateTop, rateH        = 442, 120
	gridColour, inkColour = "#e3e6ea", "#333b45"
	grey                  = `fill="#6b7480" font-size="11"`
)

// quantiles are the lines of the upper panel, from its top.
var quantiles = []struct {
	name, colour string
	value        func(Stats) float64
}{
	{"p99", "#c2410c", func(s Stats) float64 { return s.P99 }},
	{"p95", "#d99a1c", func(s Stats) float64 { return s.P95 }},
	{"p50", "#1d5fbf", func(s Stats) float64 { return s.P50 }},
}

// SVG is the drawing.
func (p Plot) SVG() string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`font-family="system-ui, sans-serif" font-size="13" fill="%s">`+"\n", width, height, width, height, inkColour)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	label(&out, left, 30, `font-size="16" font-weight="600"`, p.Title)
	label(&out, left, 50, `fill="#6b7480"`, p.Subtitle)
	label(&out, left, height-14, grey, p.Note)
	p.latencies(&out)
	p.rates(&out)
	p.seconds(&out)
	out.WriteString("</svg>\n")
	return out.String()
}

func (p Plot) latencies(out *strings.Builder) {
	low, high := bounds(p.Intervals)
	y := func(ms float64) float64 {
		share := (math.Log10(min(max(ms, low), high)) - math.Log10(low)) / (math.Log10(high) - math.Log10(low))
		return latencyTop + latencyH*(1-share)
	}
	label(out, left, latencyTop-12, `font-weight="600"`, "latency, ms (logarithmic)")
	for tick := low; tick <= high; tick = niceAbove(tick * 1.5) {
		grid(out, y(tick), tick)
	}
	taken := math.Inf(-1)
	for _, q := range quantiles {
		last := 0.0
		p.line(out, q.colour, func(s Stats) float64 {
			last = y(q.value(s))
			return last
		})
		taken = max(last+4, taken+16) // names of lines that end close together do not overlap
		label(out, right+8, taken, fmt.Sprintf(`fill="%s" font-weight="600"`, q.colour), q.name)
	}
}

func (p Plot) rates(out *strings.Builder) {
	rate := func(s Stats) float64 { return float64(s.Count) / p.Length.Seconds() }
	top := 0.0
	for _, s := range p.Intervals {
		top = max(top, rate(s))
	}
	top = niceAbove(top)
	y := func(rate float64) float64 { return rateTop + rateH*(1-rate/top) }
	label(out, left, rateTop-12, `font-weight="600"`, "requests per second")
	for _, tick := range []float64{0, top / 2, top} {
		grid(out, y(tick), tick)
	}
	p.line(out, inkColour, func(s Stats) float64 { return y(rate(s)) })
}

func (p Plot) seconds(out *strings.Builder) {
	total, labels := p.Length.Seconds()*float64(len(p.Intervals)), 10.0
	step := max(1, niceAbove(total/labels))
	for at := 0.0; at <= total; at += step {
		label(out, p.x(at/p.Length.Seconds()), rateTop+rateH+20, `text-anchor="middle"`, fmt.Sprintf("%g s", at))
	}
}

// line goes through the middles of the intervals, with a gap where no request ended.
func (p Plot) line(out *strings.Builder, colour string, y func(Stats) float64) {
	var path strings.Builder
	command := "M"
	for i, s := range p.Intervals {
		if s.Count == 0 {
			command = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", command, p.x(float64(i)+0.5), y(s))
		command = "L"
	}
	fmt.Fprintf(out, `<path d="%s" fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round"/>`+"\n", path.String(), colour)
}

func (p Plot) x(interval float64) float64 {
	return left + (right-left)*interval/float64(max(1, len(p.Intervals)))
}

func grid(out *strings.Builder, y, tick float64) {
	fmt.Fprintf(out, `<path d="M%d %.1fH%d" stroke="%s"/>`+"\n", left, y, right, gridColour)
	label(out, left-8, y+4, `text-anchor="end"`, fmt.Sprintf("%g", tick))
}

func label(out *strings.Builder, x, y float64, attributes, text string) {
	fmt.Fprintf(out, `<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(text))
}

// bounds are the ends of the latency scale, at least a factor of ten apart.
func bounds(all []Stats) (low, high float64) {
	const least = 0.01
	low, high = math.Inf(1), 0
	for _, s := range all {
		if s.Count > 0 {
			low, high = min(low, s.P50), max(high, s.P99)
		}
	}
	high = niceAbove(max(high, least*10))
	return niceAbove(max(min(low, high/10)/2.5, least)), high
}

// niceAbove is the least of 1, 2 and 5 times a power of ten that is not below a value; 1 for zero.
func niceAbove(value float64) float64 {
	if value <= 0 {
		return 1
	}
	exponent := int(math.Floor(math.Log10(value)))
	for _, m := range []float64{1, 2, 5, 10} {
		nice := m * math.Pow10(exponent)
		if exponent < 0 {
			nice = m / math.Pow10(-exponent) // correctly rounded, for the label
		}
		if nice >= value {
			return nice
		}
	}
	return math.Pow10(exponent + 1)
}
