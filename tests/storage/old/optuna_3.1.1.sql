BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.0.0.d');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'least');
INSERT INTO "studies" VALUES(2,'most ✓');
INSERT INTO "studies" VALUES(3,'several');
INSERT INTO "studies" VALUES(4,'unset');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MINIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MAXIMIZE',2,0);
INSERT INTO "study_directions" VALUES(3,'MINIMIZE',3,0);
INSERT INTO "study_directions" VALUES(4,'MAXIMIZE',3,1);
INSERT INTO "study_directions" VALUES(5,'NOT_SET',4,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_system_attributes" VALUES(1,1,'kept','[1, 2.5]');
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'note','{"text": "\u00fc\u00fc\u00fc", "long": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "none": null}');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_heartbeats" VALUES(1,1,'2026-11-24 12:56:45');
INSERT INTO "trial_heartbeats" VALUES(2,2,'2026-11-24 12:56:45');
INSERT INTO "trial_heartbeats" VALUES(3,3,'2026-11-24 12:56:45');
INSERT INTO "trial_heartbeats" VALUES(4,4,'2026-11-24 12:56:45');
INSERT INTO "trial_heartbeats" VALUES(5,5,'2026-11-24 12:56:45');
INSERT INTO "trial_heartbeats" VALUES(6,6,'2026-11-24 12:56:46');
INSERT INTO "trial_heartbeats" VALUES(7,7,'2026-11-24 12:56:46');
INSERT INTO "trial_heartbeats" VALUES(8,8,'2026-11-24 12:56:46');
INSERT INTO "trial_heartbeats" VALUES(9,9,'2026-11-24 12:56:46');
INSERT INTO "trial_heartbeats" VALUES(10,10,'2026-11-24 12:56:46');
INSERT INTO "trial_heartbeats" VALUES(11,13,'2026-11-24 12:56:47');
INSERT INTO "trial_heartbeats" VALUES(12,14,'2026-11-24 12:56:47');
INSERT INTO "trial_heartbeats" VALUES(13,15,'2026-11-24 12:56:47');
INSERT INTO "trial_heartbeats" VALUES(14,12,'2026-11-24 12:56:47');
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_intermediate_values" VALUES(1,1,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(2,1,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(3,1,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(4,1,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(5,1,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(6,1,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(7,2,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(8,2,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(9,2,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(10,2,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(11,2,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(12,2,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(13,3,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(14,3,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(15,3,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(16,3,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(17,3,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(18,3,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(19,4,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(20,4,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(21,4,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(22,4,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(23,4,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(24,4,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(25,5,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(26,5,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(27,5,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(28,5,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(29,5,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(30,5,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(31,6,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(32,6,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(33,6,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(34,6,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(35,6,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(36,6,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(37,7,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(38,7,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(39,7,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(40,7,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(41,7,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(42,7,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(43,8,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(44,8,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(45,8,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(46,8,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(47,8,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(48,8,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(49,9,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(50,9,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(51,9,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(52,9,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(53,9,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(54,9,50,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(55,10,0,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(56,10,10,NULL,'INF_POS');
INSERT INTO "trial_intermediate_values" VALUES(57,10,20,NULL,'INF_NEG');
INSERT INTO "trial_intermediate_values" VALUES(58,10,30,NULL,'NAN');
INSERT INTO "trial_intermediate_values" VALUES(59,10,40,3.5e+38,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(60,10,50,-9.99988867182683e-321,'FINITE');
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'x',5.48813503927324752851e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(2,1,'lr',7.25700572159427691881e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(3,1,'step',0.75,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(4,1,'log',9.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(5,1,'even',6.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(6,1,'n',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(7,1,'kind',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(8,2,'x',5.28894919752904479892e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(9,2,'lr',1.87145006862406691229e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(10,2,'step',1.0,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(11,2,'log',1.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(12,2,'even',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(13,2,'n',-3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(14,2,'kind',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(15,3,'x',4.61479362252931846199e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(16,3,'lr',1.32469746474684450798e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(17,3,'step',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(18,3,'log',15.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(19,3,'even',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(20,3,'n',3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(21,3,'kind',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(22,4,'x',5.68433948868648508678e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(23,4,'lr',1.18893798317730059086e-05,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(24,4,'step',0.75,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(25,4,'log',13.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(26,4,'even',8.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(27,4,'n',3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(28,4,'kind',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(29,5,'x',6.6676671544566767924e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(30,5,'lr',4.8145031864005594091e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(31,5,'step',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(32,5,'log',1.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(33,5,'even',4.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(34,5,'n',-1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(35,5,'kind',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(36,6,'x',1.6130951788499625632e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(37,6,'lr',4.09669188750309571506e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(38,6,'step',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(39,6,'log',6.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(40,6,'even',4.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(41,6,'n',-2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(42,6,'kind',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(43,7,'x',8.2099322984793510205e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(44,7,'lr',2.44571081023188612816e-05,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(45,7,'step',1.0,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(46,7,'log',1.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(47,7,'even',10.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(48,7,'n',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(49,7,'kind',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(50,8,'x',1.20196561213168906512e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(51,8,'lr',1.52953982778137188413e-04,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(52,8,'step',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(53,8,'log',3.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(54,8,'even',6.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(55,8,'n',-3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(56,8,'kind',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(57,9,'x',5.75946495556179272057e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(58,9,'lr',5.21416524244722595637e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(59,9,'step',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(60,9,'log',17.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(61,9,'even',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(62,9,'n',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(63,9,'kind',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(64,10,'x',4.69547619254706560809e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(65,10,'lr',5.14358767721016796325e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}');
INSERT INTO "trial_params" VALUES(66,10,'step',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(67,10,'log',25.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 100}}');
INSERT INTO "trial_params" VALUES(68,10,'even',10.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 10}}');
INSERT INTO "trial_params" VALUES(69,10,'n',-2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(70,10,'kind',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(71,13,'x',4.47125378617627355914e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(72,14,'x',8.46408672471127832004e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(73,15,'x',6.9947927531750431207e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(74,16,'u',0.5,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(75,16,'l',0.1,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.001, "high": 1.0, "log": true}}');
INSERT INTO "trial_params" VALUES(76,16,'d',0.5,'{"name": "FloatDistribution", "attributes": {"step": 0.5, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(77,16,'i',3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 1, "high": 9}}');
INSERT INTO "trial_params" VALUES(78,16,'j',4.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 9}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'s','{"k": [0]}');
INSERT INTO "trial_system_attributes" VALUES(2,2,'s','{"k": [0]}');
INSERT INTO "trial_system_attributes" VALUES(3,3,'s','{"k": [1]}');
INSERT INTO "trial_system_attributes" VALUES(4,4,'s','{"k": [1]}');
INSERT INTO "trial_system_attributes" VALUES(5,5,'s','{"k": [2]}');
INSERT INTO "trial_system_attributes" VALUES(6,6,'s','{"k": [2]}');
INSERT INTO "trial_system_attributes" VALUES(7,7,'s','{"k": [3]}');
INSERT INTO "trial_system_attributes" VALUES(8,8,'s','{"k": [3]}');
INSERT INTO "trial_system_attributes" VALUES(9,9,'s','{"k": [4]}');
INSERT INTO "trial_system_attributes" VALUES(10,10,'s','{"k": [4]}');
INSERT INTO "trial_system_attributes" VALUES(11,11,'fixed_params','{"x": 0.75}');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'number','0');
INSERT INTO "trial_user_attributes" VALUES(2,2,'number','0');
INSERT INTO "trial_user_attributes" VALUES(3,3,'number','1');
INSERT INTO "trial_user_attributes" VALUES(4,4,'number','1');
INSERT INTO "trial_user_attributes" VALUES(5,5,'number','2');
INSERT INTO "trial_user_attributes" VALUES(6,6,'number','2');
INSERT INTO "trial_user_attributes" VALUES(7,7,'number','3');
INSERT INTO "trial_user_attributes" VALUES(8,8,'number','3');
INSERT INTO "trial_user_attributes" VALUES(9,9,'number','4');
INSERT INTO "trial_user_attributes" VALUES(10,10,'number','4');
INSERT INTO "trial_user_attributes" VALUES(11,12,'running','true');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,0.25,'FINITE');
INSERT INTO "trial_values" VALUES(2,2,0,0.25,'FINITE');
INSERT INTO "trial_values" VALUES(3,3,0,NULL,'INF_POS');
INSERT INTO "trial_values" VALUES(4,4,0,NULL,'INF_POS');
INSERT INTO "trial_values" VALUES(5,5,0,NULL,'INF_NEG');
INSERT INTO "trial_values" VALUES(6,6,0,NULL,'INF_NEG');
INSERT INTO "trial_values" VALUES(7,7,0,-9.99988867182683e-321,'FINITE');
INSERT INTO "trial_values" VALUES(8,8,0,-1.0e+300,'FINITE');
INSERT INTO "trial_values" VALUES(9,13,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(10,13,1,-2.0,'FINITE');
INSERT INTO "trial_values" VALUES(11,14,0,NULL,'INF_POS');
INSERT INTO "trial_values" VALUES(12,14,1,0.0,'FINITE');
INSERT INTO "trial_values" VALUES(13,15,0,3.5e+38,'FINITE');
INSERT INTO "trial_values" VALUES(14,15,1,NULL,'INF_NEG');
INSERT INTO "trial_values" VALUES(15,16,0,1.5,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-24 12:56:45.147137','2026-11-24 12:56:45.283980');
INSERT INTO "trials" VALUES(2,0,2,'COMPLETE','2026-11-24 12:56:45.303837','2026-11-24 12:56:45.437760');
INSERT INTO "trials" VALUES(3,1,1,'COMPLETE','2026-11-24 12:56:45.460705','2026-11-24 12:56:45.606359');
INSERT INTO "trials" VALUES(4,1,2,'COMPLETE','2026-11-24 12:56:45.621307','2026-11-24 12:56:45.839898');
INSERT INTO "trials" VALUES(5,2,1,'COMPLETE','2026-11-24 12:56:45.857855','2026-11-24 12:56:46.029848');
INSERT INTO "trials" VALUES(6,2,2,'COMPLETE','2026-11-24 12:56:46.049927','2026-11-24 12:56:46.229098');
INSERT INTO "trials" VALUES(7,3,1,'PRUNED','2026-11-24 12:56:46.239123','2026-11-24 12:56:46.406127');
INSERT INTO "trials" VALUES(8,3,2,'COMPLETE','2026-11-24 12:56:46.418973','2026-11-24 12:56:46.551635');
INSERT INTO "trials" VALUES(9,4,1,'FAIL','2026-11-24 12:56:46.571883','2026-11-24 12:56:46.836483');
INSERT INTO "trials" VALUES(10,4,2,'FAIL','2026-11-24 12:56:46.856654','2026-11-24 12:56:47.000510');
INSERT INTO "trials" VALUES(11,5,2,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(12,6,2,'RUNNING','2026-11-24 12:56:47.018439',NULL);
INSERT INTO "trials" VALUES(13,0,3,'COMPLETE','2026-11-24 12:56:47.044847','2026-11-24 12:56:47.073114');
INSERT INTO "trials" VALUES(14,1,3,'COMPLETE','2026-11-24 12:56:47.098131','2026-11-24 12:56:47.136049');
INSERT INTO "trials" VALUES(15,2,3,'COMPLETE','2026-11-24 12:56:47.158784','2026-11-24 12:56:47.195007');
INSERT INTO "trials" VALUES(16,7,2,'COMPLETE','2026-11-24 12:56:47.212392','2026-11-24 12:56:47.212392');
INSERT INTO "trials" VALUES(17,0,4,'RUNNING','2026-11-24 12:56:47.238419',NULL);
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'3.1.1');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
COMMIT;
