// Package main owns `make load`: chains of refreshes, mixed with retries, retrieves, lists and deletes, over HTTP
// against the local service as a process of its own. It says how fast that was and what it took, draws the latencies
// over time, and fails on any wrong answer. It must never judge by time, and reaches nothing but 127.0.0.1.
package main
