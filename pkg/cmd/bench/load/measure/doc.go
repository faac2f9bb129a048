// Package measure owns how a server is measured from outside: its process, what CPU and memory that took, and the
// quantiles of its latencies. It must never know what the server answers, and reaches nothing but 127.0.0.1.
package measure
