package overlap

import "time"

// Thief is an attacker with a copied token of a session whose user goes on. Neither loses a message.
type Thief struct {
	Name, Does string
	steal      func(*run) time.Duration // how long the session lives after the attacker's first use
}

const (
	day     = 24 * time.Hour
	night   = 16 * time.Hour // when it begins
	horizon = 30 * day
	never   = time.Duration(1<<63 - 1) // the life of a session whose attacker is not caught within the horizon

	awake = night - 2*time.Hour
	polls = 10 * time.Second // between two polls of the rider
	stale = time.Hour        // since the rotation of the token that the late attacker found
)

// Thieves are the columns of the table.
func Thieves() []Thief {
	return []Thief{
		{"once", "copies the newest token once; user and thief both go on", once},
		{"rider", "presents the token before when a poll every 10 s, with the access token, shows that the user has refreshed", rider},
		{"late", "finds a token that was rotated an hour ago, presents it and goes on if it is answered", late},
	}
}

// holder goes on with a token: it refreshes whenever it needs an access token and the last one has expired.
type holder struct {
	token  Token
	sleeps bool // 8 hours a day
}

// use lets a holder refresh again and again, and calls then after each refresh.
func (r *run) use(h *holder, then func()) {
	pause := accessLifetime + r.about(r.idle)
	if h.sleeps && (r.now+pause)%day > night {
		pause += day - night
	}
	r.after(pause, func() {
		if t, ok := r.present(h.token); ok {
			h.token = t
			then()
			r.use(h, then)
		}
	})
}

// user starts a session in the morning and uses it until the theft: for two hours, and a random time up to most.
func (r *run) user(most time.Duration, then func()) *holder {
	u := &holder{sleeps: true}
	r.use(u, then)
	r.until(2*time.Hour + r.upTo(most))
	return u
}

// life lets all holders go on and returns how long the session lives from now.
func (r *run) life() time.Duration {
	start := r.now
	if r.until(start + horizon); r.session.over {
		return r.now - start
	}
	return never
}

func once(r *run) time.Duration {
	thief := &holder{token: r.user(awake, func() {}).token}
	r.until(r.now + r.upTo(accessLifetime))
	return r.goOn(thief)
}

func late(r *run) time.Duration {
	r.user(day, func() {})
	found := r.session.current()
	for !r.session.used(found) || r.session.since(found, r.now) < stale {
		found--
	}
	return r.goOn(&holder{token: found})
}

// goOn presents a copied token for the first time.
func (r *run) goOn(thief *holder) time.Duration {
	t, ok := r.present(thief.token)
	if !ok {
		return 0
	}
	thief.token = t
	r.use(thief, func() {})
	return r.life()
}

func rider(r *run) time.Duration {
	thief := &holder{}
	stolen := false
	u := r.user(awake, func() {
		if stolen {
			r.after(r.upTo(polls), func() { thief.token, _ = r.present(thief.token) })
		}
	})
	stolen, thief.token = true, u.token
	return r.life()
}
