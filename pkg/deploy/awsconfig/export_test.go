package awsconfig

// NewTransport gives the tests newTransport.
var NewTransport = newTransport
