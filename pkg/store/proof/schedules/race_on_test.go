//go:build race

package schedules

const raceEnabled = true
