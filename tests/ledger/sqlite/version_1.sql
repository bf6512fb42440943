BEGIN TRANSACTION;
CREATE TABLE apps (
	app_id TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (app_id)
);
INSERT INTO "apps" VALUES('a','{"app_id":"a","keys":{"production":"YOUR_PROD_KEY","development":"YOUR_DEV_KEY","data_export":"YOUR_DATA_EXPORT_KEY","content_read_only":"YOUR_CONTENT_READ_ONLY_KEY","content_read_write":"YOUR_CONTENT_READ_WRITE_KEY"},"retry":{"delays":[3600000000,7200000000,14400000000,28800000000,36000000000,36000000000,36000000000,36000000000,36000000000],"retry_on":["5xx","dns","refused","reset","timeout","tls"],"timeout":30000000},"parameters_encoding":"once","rule_limit":9}');
CREATE TABLE attempts (
	id INTEGER NOT NULL, 
	delivery_id BIGINT NOT NULL, 
	started_at BIGINT NOT NULL, 
	number INTEGER, 
	kind TEXT NOT NULL, 
	elapsed BIGINT NOT NULL, 
	elapsed_real_seconds FLOAT NOT NULL, 
	status INTEGER, 
	error TEXT, 
	request_id BIGINT, 
	headers TEXT, 
	body BLOB, 
	repeated INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (delivery_id, number)
);
INSERT INTO "attempts" VALUES(1,2,1767225600000000,1,'response',1000000,0.5,503,'d',5,'[["A","b"]]',X'6300',0);
INSERT INTO "attempts" VALUES(2,3,1767225600000000,1,'response',12000,0.0125,200,NULL,NULL,NULL,NULL,0);
CREATE TABLE counters (
	deliveries BIGINT NOT NULL, 
	rules BIGINT NOT NULL, 
	tickets BIGINT NOT NULL
);
INSERT INTO "counters" VALUES(5,3,7);
CREATE TABLE deliveries (
	id INTEGER NOT NULL, 
	app_id TEXT NOT NULL, 
	postback_id BIGINT NOT NULL, 
	url TEXT NOT NULL, 
	event TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "deliveries" VALUES(1,'a',1812801864351747,'http://127.0.0.1/?u=ada','{"type":"messageEvents","app_id":"a","triggered_at":1767225600000000,"user_id":"ada","device_id":"","channel":"Email","event":"Click","message_id":"","template_name":"","parameters":{"index":1,"url":"https://example.com/\u00e4"}}',1767225600000000);
INSERT INTO "deliveries" VALUES(2,'a',1812801864351747,'http://127.0.0.1/?u=ada','{"type":"messageEvents","app_id":"a","triggered_at":1767225600000000,"user_id":"ada","device_id":"","channel":"Email","event":"Click","message_id":"","template_name":"","parameters":{"index":1,"url":"https://example.com/\u00e4"}}',1767225600000000);
INSERT INTO "deliveries" VALUES(3,'a',1812801864351747,'http://127.0.0.1/?u=ada','{"type":"messageEvents","app_id":"a","triggered_at":1767225600000000,"user_id":"ada","device_id":"","channel":"Email","event":"Click","message_id":"","template_name":"","parameters":{"index":1,"url":"https://example.com/\u00e4"}}',1767225600000000);
INSERT INTO "deliveries" VALUES(4,'a',1812801864351747,'http://127.0.0.1/?u=ada','{"type":"messageEvents","app_id":"a","triggered_at":1767229200000000,"user_id":"ada","device_id":"","channel":"Email","event":"Click","message_id":"","template_name":"","parameters":{"index":1,"url":"https://example.com/\u00e4"}}',1767229200000000);
INSERT INTO "deliveries" VALUES(5,'a',1812801864351747,'http://127.0.0.1/?u=ada','{"type":"messageEvents","app_id":"a","triggered_at":1767232800000000,"user_id":"ada","device_id":"","channel":"Email","event":"Click","message_id":"","template_name":"","parameters":{"index":1,"url":"https://example.com/\u00e4"}}',1767232800000000);
CREATE TABLE progress (
	delivery_id INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	attempts_made INTEGER DEFAULT '0' NOT NULL, 
	due_at BIGINT, 
	queued BIGINT NOT NULL, 
	claim BIGINT, 
	interrupted INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (delivery_id), 
	FOREIGN KEY(delivery_id) REFERENCES deliveries (id)
);
INSERT INTO "progress" VALUES(1,'pending',0,1767225600000000,1,6,0);
INSERT INTO "progress" VALUES(2,'pending',1,1767236400000000,7,NULL,0);
INSERT INTO "progress" VALUES(3,'delivered',1,NULL,3,NULL,0);
INSERT INTO "progress" VALUES(4,'pending',0,1767229200000000,4,NULL,0);
INSERT INTO "progress" VALUES(5,'pending',0,1767232800000000,5,NULL,0);
CREATE TABLE rules (
	sequence INTEGER NOT NULL, 
	postback_id BIGINT NOT NULL, 
	app_id TEXT NOT NULL, 
	type TEXT NOT NULL, 
	channels TEXT NOT NULL, 
	url TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (postback_id)
);
INSERT INTO "rules" VALUES(2,1812801864351747,'a','messageEvents','["Push Notification","Email","In-app Message"]','http://127.0.0.1/?u={{User ID}}',1767225600000000);
INSERT INTO "rules" VALUES(3,6219202796527620,'a','messageEvents','["Push Notification","Email","In-app Message"]','http://127.0.0.1/?u={{User ID}}',1767225600000000);
CREATE TABLE schema_version (
	version INTEGER NOT NULL
);
INSERT INTO "schema_version" VALUES(1);
CREATE TABLE settings (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "settings" VALUES('clock','x');
CREATE INDEX ix_rules_app_id ON rules (app_id);
CREATE INDEX ix_deliveries_postback_id ON deliveries (postback_id);
CREATE INDEX ix_deliveries_app_id ON deliveries (app_id);
CREATE INDEX progress_by_state ON progress (state, delivery_id);
CREATE INDEX progress_waiting ON progress (due_at, queued) WHERE due_at IS NOT NULL AND claim IS NULL;
COMMIT;
