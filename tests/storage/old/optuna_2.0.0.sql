BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v1.3.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	PRIMARY KEY (study_id), 
	CONSTRAINT studydirection CHECK (direction IN ('NOT_SET', 'MINIMIZE', 'MAXIMIZE'))
);
INSERT INTO "studies" VALUES(1,'least','MINIMIZE');
INSERT INTO "studies" VALUES(2,'most ✓','MAXIMIZE');
INSERT INTO "studies" VALUES(3,'unset','NOT_SET');
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json VARCHAR(2048), 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_system_attributes" VALUES(1,1,'kept','[1, 2.5]');
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json VARCHAR(2048), 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'note','{"text": "\u00fc\u00fc\u00fc", "long": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "none": null}');
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json VARCHAR(2048), 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'x',5.48813503927324752851e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(2,1,'lr',7.25700572159427691881e-03,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(3,1,'step',0.75,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(4,1,'log',9.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(5,1,'even',4.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(6,1,'n',0.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(7,1,'kind',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(8,2,'x',4.37587211262692510338e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(9,2,'lr',3.69055772921376076811e-02,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(10,2,'step',1.0,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(11,2,'log',4.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(12,2,'even',2.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(13,2,'n',-2.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(14,2,'kind',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(15,3,'x',7.10360581978869420893e-02,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(16,3,'lr',2.23109056074430141453e-05,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(17,3,'step',0.0,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(18,3,'log',41.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(19,3,'even',2.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(20,3,'n',-1.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(21,3,'kind',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(22,4,'x',7.99158564216723599216e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(23,4,'lr',7.01321977994579176876e-04,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(24,4,'step',0.75,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(25,4,'log',1.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(26,4,'even',2.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(27,4,'n',-2.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(28,4,'kind',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(29,5,'x',5.37373229449010669789e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(30,5,'lr',1.08258622632506368993e-02,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(31,5,'step',0.0,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(32,5,'log',6.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(33,5,'even',8.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(34,5,'n',-1.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(35,5,'kind',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(36,6,'x',5.68433948868648508678e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(37,6,'lr',1.18893798317730059086e-05,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(38,6,'step',0.75,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(39,6,'log',13.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(40,6,'even',10.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(41,6,'n',-2.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(42,6,'kind',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(43,7,'x',6.81820299103483407066e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(44,7,'lr',2.74177367524209268396e-04,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(45,7,'step',0.5,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(46,7,'log',20.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(47,7,'even',4.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(48,7,'n',-2.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(49,7,'kind',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(50,8,'x',6.53140035797937668071e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(51,8,'lr',4.82656701463040358271e-05,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(52,8,'step',0.25,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(53,8,'log',27.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(54,8,'even',8.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(55,8,'n',2.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(56,8,'kind',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(57,9,'x',5.70196770417879639225e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(58,9,'lr',5.68075492741679298307e-04,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(59,9,'step',1.0,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(60,9,'log',1.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(61,9,'even',10.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(62,9,'n',0.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(63,9,'kind',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(64,10,'x',6.53108325465398431575e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(65,10,'lr',1.03078101280236345406e-04,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(66,10,'step',0.5,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(67,10,'log',2.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}}');
INSERT INTO "trial_params" VALUES(68,10,'even',2.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 10, "step": 2}}');
INSERT INTO "trial_params" VALUES(69,10,'n',-2.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3, "step": 1}}');
INSERT INTO "trial_params" VALUES(70,10,'kind',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json VARCHAR(2048), 
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
INSERT INTO "trial_system_attributes" VALUES(10,9,'fail_reason','"Trial 4 failed because of the following error: ValueError(''failed'')"');
INSERT INTO "trial_system_attributes" VALUES(11,10,'s','{"k": [4]}');
INSERT INTO "trial_system_attributes" VALUES(12,10,'fail_reason','"Trial 4 failed because of the following error: ValueError(''failed'')"');
INSERT INTO "trial_system_attributes" VALUES(13,11,'fixed_params','{"x": 0.75}');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json VARCHAR(2048), 
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
	trial_id INTEGER, 
	step INTEGER, 
	value FLOAT, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,0.5);
INSERT INTO "trial_values" VALUES(2,1,10,9e999);
INSERT INTO "trial_values" VALUES(3,1,20,-9e999);
INSERT INTO "trial_values" VALUES(4,1,30,NULL);
INSERT INTO "trial_values" VALUES(5,1,40,3.5e+38);
INSERT INTO "trial_values" VALUES(6,1,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(7,2,0,0.5);
INSERT INTO "trial_values" VALUES(8,2,10,9e999);
INSERT INTO "trial_values" VALUES(9,2,20,-9e999);
INSERT INTO "trial_values" VALUES(10,2,30,NULL);
INSERT INTO "trial_values" VALUES(11,2,40,3.5e+38);
INSERT INTO "trial_values" VALUES(12,2,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(13,3,0,0.5);
INSERT INTO "trial_values" VALUES(14,3,10,9e999);
INSERT INTO "trial_values" VALUES(15,3,20,-9e999);
INSERT INTO "trial_values" VALUES(16,3,30,NULL);
INSERT INTO "trial_values" VALUES(17,3,40,3.5e+38);
INSERT INTO "trial_values" VALUES(18,3,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(19,4,0,0.5);
INSERT INTO "trial_values" VALUES(20,4,10,9e999);
INSERT INTO "trial_values" VALUES(21,4,20,-9e999);
INSERT INTO "trial_values" VALUES(22,4,30,NULL);
INSERT INTO "trial_values" VALUES(23,4,40,3.5e+38);
INSERT INTO "trial_values" VALUES(24,4,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(25,5,0,0.5);
INSERT INTO "trial_values" VALUES(26,5,10,9e999);
INSERT INTO "trial_values" VALUES(27,5,20,-9e999);
INSERT INTO "trial_values" VALUES(28,5,30,NULL);
INSERT INTO "trial_values" VALUES(29,5,40,3.5e+38);
INSERT INTO "trial_values" VALUES(30,5,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(31,6,0,0.5);
INSERT INTO "trial_values" VALUES(32,6,10,9e999);
INSERT INTO "trial_values" VALUES(33,6,20,-9e999);
INSERT INTO "trial_values" VALUES(34,6,30,NULL);
INSERT INTO "trial_values" VALUES(35,6,40,3.5e+38);
INSERT INTO "trial_values" VALUES(36,6,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(37,7,0,0.5);
INSERT INTO "trial_values" VALUES(38,7,10,9e999);
INSERT INTO "trial_values" VALUES(39,7,20,-9e999);
INSERT INTO "trial_values" VALUES(40,7,30,NULL);
INSERT INTO "trial_values" VALUES(41,7,40,3.5e+38);
INSERT INTO "trial_values" VALUES(42,7,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(43,8,0,0.5);
INSERT INTO "trial_values" VALUES(44,8,10,9e999);
INSERT INTO "trial_values" VALUES(45,8,20,-9e999);
INSERT INTO "trial_values" VALUES(46,8,30,NULL);
INSERT INTO "trial_values" VALUES(47,8,40,3.5e+38);
INSERT INTO "trial_values" VALUES(48,8,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(49,9,0,0.5);
INSERT INTO "trial_values" VALUES(50,9,10,9e999);
INSERT INTO "trial_values" VALUES(51,9,20,-9e999);
INSERT INTO "trial_values" VALUES(52,9,30,NULL);
INSERT INTO "trial_values" VALUES(53,9,40,3.5e+38);
INSERT INTO "trial_values" VALUES(54,9,50,-9.99988867182683e-321);
INSERT INTO "trial_values" VALUES(55,10,0,0.5);
INSERT INTO "trial_values" VALUES(56,10,10,9e999);
INSERT INTO "trial_values" VALUES(57,10,20,-9e999);
INSERT INTO "trial_values" VALUES(58,10,30,NULL);
INSERT INTO "trial_values" VALUES(59,10,40,3.5e+38);
INSERT INTO "trial_values" VALUES(60,10,50,-9.99988867182683e-321);
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	value FLOAT, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id), 
	CONSTRAINT trialstate CHECK (state IN ('RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING'))
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE',0.25,'2026-11-24 12:48:45.667951','2026-11-24 12:48:45.927143');
INSERT INTO "trials" VALUES(2,0,2,'COMPLETE',0.25,'2026-11-24 12:48:45.939486','2026-11-24 12:48:46.189991');
INSERT INTO "trials" VALUES(3,1,1,'COMPLETE',9e999,'2026-11-24 12:48:46.202074','2026-11-24 12:48:46.363966');
INSERT INTO "trials" VALUES(4,1,2,'COMPLETE',9e999,'2026-11-24 12:48:46.374305','2026-11-24 12:48:46.451092');
INSERT INTO "trials" VALUES(5,2,1,'COMPLETE',-9e999,'2026-11-24 12:48:46.482441','2026-11-24 12:48:46.666984');
INSERT INTO "trials" VALUES(6,2,2,'COMPLETE',-9e999,'2026-11-24 12:48:46.673861','2026-11-24 12:48:46.705300');
INSERT INTO "trials" VALUES(7,3,1,'PRUNED',-9.99988867182683e-321,'2026-11-24 12:48:46.710082','2026-11-24 12:48:46.738366');
INSERT INTO "trials" VALUES(8,3,2,'COMPLETE',-1.0e+300,'2026-11-24 12:48:46.743071','2026-11-24 12:48:46.773965');
INSERT INTO "trials" VALUES(9,4,1,'FAIL',NULL,'2026-11-24 12:48:46.778687','2026-11-24 12:48:46.809717');
INSERT INTO "trials" VALUES(10,4,2,'FAIL',NULL,'2026-11-24 12:48:46.814503','2026-11-24 12:48:46.857272');
INSERT INTO "trials" VALUES(11,5,2,'WAITING',NULL,'2026-11-24 12:48:46.873812',NULL);
INSERT INTO "trials" VALUES(12,6,2,'RUNNING',NULL,'2026-11-24 12:48:46.900708',NULL);
INSERT INTO "trials" VALUES(13,0,3,'RUNNING',NULL,'2026-11-24 12:48:46.957090',NULL);
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'2.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
COMMIT;
