// What the validators find and we accept, with the reason. A finding that is not here fails, and so does an entry that
// accepts nothing any more. rule is exact, resource a regular expression of the whole logical id.
export const accepted = [
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    resource: '\\w+FunctionRole',
    reason: 'SAM gives it to every role that it makes; it writes logs and reads nothing. A Role of our own would drop Policies.',
  },
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess]',
    resource: '\\w+FunctionRole',
    reason: 'SAM gives it for Tracing: Active. X-Ray has no resources that a policy of our own could name.',
  },
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda]',
    resource: 'CodeDeployServiceRole',
    reason: 'SAM makes this role for DeploymentPreference, with the policy that CodeDeploy documents.',
  },
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    resource: 'AccountRole',
    reason: 'The policy that API Gateway documents for the one role of an account, which other APIs use too.',
  },
  {
    rule: 'AwsSolutions-APIG1',
    resource: 'ApiStage',
    reason: 'Access logs are behind AccessLogs, true in prod: without a log role in the account they fail the deployment.',
  },
  {
    rule: 'AwsSolutions-APIG2',
    resource: 'Api',
    reason: 'A 400 of the gateway comes before the permission and cannot name the field at fault; functions read strictly.',
  },
  {
    rule: 'AwsSolutions-APIG6',
    resource: 'ApiStage',
    reason: 'Execution logs repeat paths and headers, which name users. Access logs and the functions tell what happened.',
  },
  {
    rule: 'AwsSolutions-SMG4',
    resource: 'PublicKeysSecret',
    reason: 'The rotation of SigningKeysSecret writes it: the public halves of the same keys.',
  },
  {
    rule: 'AwsSolutions-SQS3',
    resource: 'DeadLetters',
    reason: 'It is a dead-letter queue, that of an event source mapping; the rule knows those of other queues only.',
  },
  {
    rule: 'F1020',
    resource: 'Api|AuditStream',
    reason: '!Ref Function.Alias is of SAM. What SAM makes of it is validated too, and has the alias there.',
  },
  {
    rule: 'W3011',
    resource: '\\w+FunctionVersion[0-9a-f]+',
    reason: 'SAM retains versions when they leave the template, so that an alias can go back to one.',
  },
  {
    rule: 'I3042',
    resource: 'Api|\\w+Permission(Stage)?',
    reason: 'SAM spells the ARNs that it adds for the partition in which it translates.',
  },
  {
    rule: 'I9001',
    resource: '.*',
    reason: 'It says what replaces a resource when it changes, which is no fault. Table, keys and secrets are retained.',
  },
  {
    rule: 'I9040',
    resource: '.*',
    reason: 'sam deploy --tags puts the tags of a stack on all that it holds.',
  },
];
