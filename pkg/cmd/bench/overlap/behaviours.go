package overlap

import "time"

// Behaviour is what the clients of one session do, without an attacker.
type Behaviour struct {
	Name, Does string
	live       func(*run)
}

// The networks. A message takes up to way.
var (
	fastNetwork = network{way: 200 * time.Millisecond}
	slowNetwork = network{way: 2 * time.Second}
	homeNetwork = network{way: 200 * time.Millisecond, loss: 0.002, slow: 0.02, slowBy: 5 * time.Second}
	dataCentre  = network{way: 50 * time.Millisecond, loss: 0.002, slow: 0.005, slowBy: 10 * time.Second}
)

const accessLifetime = 15 * time.Minute

// Behaviours are the columns of the table.
func Behaviours() []Behaviour {
	slow := pageLoads(2, 3*time.Second, slowNetwork, 20*time.Second)
	return []Behaviour{
		{"two tabs, slow", "2 tabs, a page load every 3 s each, up to 2 s each way, 20 s", slow},
		{"one tab, slow", "1 tab, a page load every 3 s, up to 2 s each way, 60 s", pageLoads(1, 3*time.Second, slowNetwork, time.Minute)},
		{"two tabs, fast", "2 tabs, a page load every 3 s each, up to 0.2 s each way, 60 s", pageLoads(2, 3*time.Second, fastNetwork, time.Minute)},
		{"tabs, lock", "3 tabs that refresh under a Web Lock, a page load every 30 s each, 8 h", lockedTabs},
		{"server", "4 workers of a server that share a row and repeat after 2 s, 8 h", server},
		{"back later", "as two tabs, slow; 10 min later they are used again", backLater(slow)},
		{"browser", "10 visits a day for 30 days; 1 in 500 ends before the answer has arrived", visits(0.002)},
		{"phone", "the same; 1 in 100 answers is lost, and the phone sleeps until the next visit", visits(0.01)},
	}
}

// pageLoads are tabs that refresh at every page load with the token that their cookie jar holds then. Loads are up to
// twice the given time apart. A load does not wait for the answer to the one before. Whenever an answer arrives, its
// cookie replaces the one in the jar, even a newer one.
func pageLoads(tabs int, every time.Duration, n network, length time.Duration) func(*run) {
	return func(r *run) {
		var load func()
		load = func() {
			if r.now < length {
				r.send(r.stored, n, func(t Token) { r.stored = t })
				r.after(r.upTo(2*every), load)
			}
		}
		for range tabs {
			r.after(r.upTo(2*every), load)
		}
		r.until(length + time.Minute)
	}
}

func backLater(live func(*run)) func(*run) {
	return func(r *run) {
		live(r)
		r.until(r.now + 10*time.Minute)
		r.present(r.stored)
	}
}

// lock is held by one tab at a time; the others wait in a queue.
type lock struct {
	held    bool
	waiting []func()
}

func (l *lock) take(do func()) {
	if l.held {
		l.waiting = append(l.waiting, do)
		return
	}
	l.held = true
	do()
}

func (l *lock) free() {
	if l.held = len(l.waiting) > 0; l.held {
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		next()
	}
}

// lockedTabs are tabs that refresh one after the other, under a lock, when the access token has expired. A tab that gets
// the lock first checks whether another tab was faster. A page load while the request is on its way drops the lock.
func lockedTabs(r *run) {
	const (
		loads   = 30 * time.Second
		loading = 500 * time.Millisecond
		givesUp = 5 * time.Second
		lag     = 3 * time.Second
	)
	fresh, shared := accessLifetime, &lock{}
	for range 3 {
		var wake func()
		refresh := func() {
			waits := true
			leave := func(d time.Duration) {
				if waits {
					waits = false
					r.after(d, wake)
					shared.free()
				}
			}
			if r.now < fresh {
				leave(fresh - r.now + r.upTo(lag))
				return
			}
			r.send(r.stored, homeNetwork, func(t Token) {
				if waits {
					r.stored, fresh = t, r.now+accessLifetime
					leave(accessLifetime + r.upTo(lag))
				}
			})
			r.after(r.about(loads), func() { leave(loading) })
			r.after(givesUp, func() { leave(0) })
		}
		wake = func() { shared.take(refresh) }
		r.after(fresh+r.upTo(lag), wake)
	}
	r.until(8 * time.Hour)
}

// visits are a client that refreshes whenever it is opened, 10 or 11 times in 16 hours and not at night. If the
// answer is lost, because the page is closed or the phone sleeps, the next visit presents the same token again.
func visits(lost float64) func(*run) {
	return func(r *run) {
		var visit func()
		visit = func() {
			if t, ok := r.present(r.stored); ok && !r.chance(lost) {
				r.stored = t
			}
			pause := accessLifetime + r.upTo(150*time.Minute)
			if (r.now+pause)%day > night {
				pause += day - night
			}
			r.after(pause, visit)
		}
		r.after(r.upTo(time.Hour), visit)
		r.until(30 * day)
	}
}

// server is a backend that keeps the token of its user in a row that its workers share. A worker that needs an access
// token and finds it expired reads the row and refreshes. It sends the same token up to three times, 2 s apart. It writes
// the token of the answer, whatever the row holds by then.
func server(r *run) {
	const attempts, patience = 3, 2 * time.Second
	fresh := accessLifetime
	for range 4 {
		var need func()
		need = func() {
			if r.now < fresh {
				r.after(fresh-r.now+r.about(time.Second), need)
				return
			}
			with, waits, tries := r.stored, true, 0
			var try func()
			try = func() {
				if !waits {
					return
				}
				if tries++; tries > attempts {
					waits = false
					r.after(r.about(time.Second), need)
					return
				}
				r.send(with, dataCentre, func(t Token) {
					if waits {
						waits = false
						r.stored, fresh = t, r.now+accessLifetime
						r.after(accessLifetime+r.about(time.Second), need)
					}
				})
				r.after(patience, try)
			}
			try()
		}
		r.after(fresh+r.about(time.Second), need)
	}
	r.until(8 * time.Hour)
}
