// Package measure owns what every subcommand of bench shares: it builds programs, starts them as servers, reads their
// CPU and memory, sends HTTP requests, and turns latencies into statistics, tables and plots. It knows no operation of
// any server, and reaches 127.0.0.1 only.
package measure
