BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v1.2.0.a');
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
INSERT INTO "trial_params" VALUES(4,1,'n',0.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(5,1,'kind',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(6,2,'x',6.23563696785972343406e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(7,2,'lr',3.4476790445206548924e-04,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(8,2,'step',0.25,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(9,2,'n',-3.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(10,2,'kind',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(11,3,'x',2.72656294580113200964e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(12,3,'lr',8.14067598458328598939e-04,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(13,3,'step',1.0,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(14,3,'n',3.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(15,3,'kind',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(16,4,'x',3.92784796100829725062e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(17,4,'lr',2.20960708687295524776e-02,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(18,4,'step',0.25,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(19,4,'n',1.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(20,4,'kind',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(21,5,'x',3.68241539840547971174e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(22,5,'lr',6.73939072374977327095e-02,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(23,5,'step',0.0,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(24,5,'n',-3.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(25,5,'kind',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(26,6,'x',4.7360804527371047623e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(27,6,'lr',1.59824372474114788367e-02,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(28,6,'step',0.5,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(29,6,'n',0.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(30,6,'kind',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(31,7,'x',5.82019792075107122997e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(32,7,'lr',1.41088922836758072845e-03,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(33,7,'step',0.75,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(34,7,'n',-1.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(35,7,'kind',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(36,8,'x',4.73600419346657419694e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(37,8,'lr',5.56326020569855903647e-05,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(38,8,'step',0.75,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(39,8,'n',1.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(40,8,'kind',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(41,9,'x',1.35218173405452057878e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(42,9,'lr',1.97953885743744334565e-04,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(43,9,'step',0.0,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(44,9,'n',-3.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(45,9,'kind',4.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
INSERT INTO "trial_params" VALUES(46,10,'x',3.86488981125861941201e-01,'{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(47,10,'lr',0.0407749936536761,'{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(48,10,'step',0.5,'{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}');
INSERT INTO "trial_params" VALUES(49,10,'n',-3.0,'{"name": "IntUniformDistribution", "attributes": {"low": -3, "high": 3}}');
INSERT INTO "trial_params" VALUES(50,10,'kind',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, 3]}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json VARCHAR(2048), 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'_number','0');
INSERT INTO "trial_system_attributes" VALUES(2,1,'s','{"k": [0]}');
INSERT INTO "trial_system_attributes" VALUES(3,2,'_number','0');
INSERT INTO "trial_system_attributes" VALUES(4,2,'s','{"k": [0]}');
INSERT INTO "trial_system_attributes" VALUES(5,3,'_number','1');
INSERT INTO "trial_system_attributes" VALUES(6,3,'s','{"k": [1]}');
INSERT INTO "trial_system_attributes" VALUES(7,4,'_number','1');
INSERT INTO "trial_system_attributes" VALUES(8,4,'s','{"k": [1]}');
INSERT INTO "trial_system_attributes" VALUES(9,5,'_number','2');
INSERT INTO "trial_system_attributes" VALUES(10,5,'s','{"k": [2]}');
INSERT INTO "trial_system_attributes" VALUES(11,6,'_number','2');
INSERT INTO "trial_system_attributes" VALUES(12,6,'s','{"k": [2]}');
INSERT INTO "trial_system_attributes" VALUES(13,7,'_number','3');
INSERT INTO "trial_system_attributes" VALUES(14,7,'s','{"k": [3]}');
INSERT INTO "trial_system_attributes" VALUES(15,8,'_number','3');
INSERT INTO "trial_system_attributes" VALUES(16,8,'s','{"k": [3]}');
INSERT INTO "trial_system_attributes" VALUES(17,9,'_number','4');
INSERT INTO "trial_system_attributes" VALUES(18,9,'s','{"k": [4]}');
INSERT INTO "trial_system_attributes" VALUES(19,9,'fail_reason','"Setting status of trial#4 as TrialState.FAIL because of the following error: ValueError(''failed'')"');
INSERT INTO "trial_system_attributes" VALUES(20,10,'_number','4');
INSERT INTO "trial_system_attributes" VALUES(21,10,'s','{"k": [4]}');
INSERT INTO "trial_system_attributes" VALUES(22,10,'fail_reason','"Setting status of trial#4 as TrialState.FAIL because of the following error: ValueError(''failed'')"');
INSERT INTO "trial_system_attributes" VALUES(23,11,'fixed_params','{"x": 0.75}');
INSERT INTO "trial_system_attributes" VALUES(24,11,'_number','5');
INSERT INTO "trial_system_attributes" VALUES(25,12,'_number','6');
INSERT INTO "trial_system_attributes" VALUES(26,13,'_number','0');
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
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	value FLOAT, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id), 
	CONSTRAINT trialstate CHECK (state IN ('RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING'))
);
INSERT INTO "trials" VALUES(1,1,'COMPLETE',0.25,'2026-11-24 12:48:38.567010','2026-11-24 12:48:38.776367');
INSERT INTO "trials" VALUES(2,2,'COMPLETE',0.25,'2026-11-24 12:48:38.803702','2026-11-24 12:48:39.164102');
INSERT INTO "trials" VALUES(3,1,'COMPLETE',9e999,'2026-11-24 12:48:39.201265','2026-11-24 12:48:39.564121');
INSERT INTO "trials" VALUES(4,2,'COMPLETE',9e999,'2026-11-24 12:48:39.599347','2026-11-24 12:48:40.041400');
INSERT INTO "trials" VALUES(5,1,'COMPLETE',-9e999,'2026-11-24 12:48:40.078939','2026-11-24 12:48:40.535617');
INSERT INTO "trials" VALUES(6,2,'COMPLETE',-9e999,'2026-11-24 12:48:40.591854','2026-11-24 12:48:40.988725');
INSERT INTO "trials" VALUES(7,1,'PRUNED',-9.99988867182683e-321,'2026-11-24 12:48:41.020387','2026-11-24 12:48:41.423880');
INSERT INTO "trials" VALUES(8,2,'COMPLETE',-1.0e+300,'2026-11-24 12:48:41.493519','2026-11-24 12:48:41.920079');
INSERT INTO "trials" VALUES(9,1,'FAIL',NULL,'2026-11-24 12:48:41.962084','2026-11-24 12:48:42.049775');
INSERT INTO "trials" VALUES(10,2,'FAIL',NULL,'2026-11-24 12:48:42.079935','2026-11-24 12:48:42.163772');
INSERT INTO "trials" VALUES(11,2,'WAITING',NULL,'2026-11-24 12:48:42.214081',NULL);
INSERT INTO "trials" VALUES(12,2,'RUNNING',NULL,'2026-11-24 12:48:42.244350',NULL);
INSERT INTO "trials" VALUES(13,3,'RUNNING',NULL,'2026-11-24 12:48:42.350114',NULL);
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'1.2.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
COMMIT;
