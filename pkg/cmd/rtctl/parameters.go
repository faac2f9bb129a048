package main

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// parameters are the deployment parameters of a service, by their names in template.yaml. A missing one has its default.
type parameters map[string]string

func (p parameters) isOn(name string) bool { return p[name] == "true" }

// number is the value of a parameter, or 0.
func (p parameters) number(name string) float64 {
	n, _ := strconv.ParseFloat(p[name], 64)
	return n
}

// examine looks for parameters that are dangerous or contradict each other.
func (p parameters) examine() []finding {
	all := slices.Concat(p.identity(), p.safety(), p.throughput())
	if len(all) == 0 {
		return []finding{{What: "parameters", Found: fmt.Sprintf("%d, none dangerous, none contradictory", len(p))}}
	}
	return all
}

func wrong(parameter, found, mend string) finding {
	return finding{"parameter " + parameter, found, mend}
}

func (p parameters) identity() (all []finding) {
	for origin := range strings.SplitSeq(p["AllowedOrigins"], ",") {
		u, err := url.Parse(origin)
		if err == nil && u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1" {
			all = append(all, wrong("AllowedOrigins", origin+" is not encrypted: who is on its way can act as its users", "use https"))
		}
	}
	issuer, err := url.Parse(p["Issuer"])
	domain := p["CookieDomain"]
	if host := issuer.Hostname(); err == nil && domain != "" && host != "" && host != domain && !strings.HasSuffix(host, "."+domain) {
		all = append(all, wrong("CookieDomain", domain+" does not contain the API's host "+host+": browsers refuse its cookies",
			"name a domain that the host is in, or none"))
	}
	return all
}

func (p parameters) safety() (all []finding) {
	serious := cmp.Or(p["Stage"], "dev") != "dev"
	add := func(when bool, parameter, found, mend string) {
		if when {
			all = append(all, wrong(parameter, found, mend))
		}
	}
	add(serious && p["DeletionProtection"] == "false", "DeletionProtection", "off: one request deletes the table", "set it to true")
	add(serious && p["LogLevel"] == "DEBUG", "LogLevel", "DEBUG: more lines than are looked at, and their bill", "set it to INFO")
	add(serious && p["Stage"] != "" && p["AlarmEmail"] == "" && p.has("AlarmEmail"), "AlarmEmail",
		"empty: alarms reach only those who subscribed to AlarmTopicArn themselves", "set it")
	add(p.isOn("AccountLogRole") && !p.isOn("AccessLogs"), "AccountLogRole", "on without AccessLogs: it does nothing", "set both, or neither")
	add(p.isOn("Canary") && p["UseAuthorizerAlias"] == "false", "Canary",
		"on without UseAuthorizerAlias: a new authorizer gets all requests at once", "set UseAuthorizerAlias to true")
	add(p.isOn("Firewall") && p.number("FirewallRefreshRate") > p.number("FirewallRate"), "FirewallRefreshRate",
		"above FirewallRate, which is met first", "lower it, or raise FirewallRate")
	add(p.isOn("AcceptImported") && p["ImportedTokenPattern"] == "", "AcceptImported",
		"on without ImportedTokenPattern: any string that is no token costs a read", "set the pattern, and switch it off after the move")
	return all
}

func (p parameters) has(name string) bool { _, found := p[name]; return found }

// throughput compares the throttle of refreshes with what is behind it; template.yaml has the arithmetic.
func (p parameters) throughput() (all []finding) {
	refreshes := p.number("RefreshRate")
	for _, limit := range []struct {
		parameter string
		serves    float64
	}{
		{"ReservedConcurrency", p.number("ReservedConcurrency") * 10},
		{"MaxReadUnits", p.number("MaxReadUnits") / 1.05},
		{"MaxWriteUnits", p.number("MaxWriteUnits") / 1.02},
		{"EpochCopies", p.number("EpochCopies") * 2941},
	} {
		if limit.serves > 0 && limit.serves < refreshes {
			all = append(all, wrong(limit.parameter, fmt.Sprintf("%s serves %.0f refreshes per second, and RefreshRate lets %.0f through",
				p[limit.parameter], limit.serves, refreshes), "raise it, or lower RefreshRate"))
		}
	}
	return all
}
