// Made by scripts/mandatory-elements.ts from HL7's definitions of FHIR (CC0).

/** Lines of `versions: type: elements`. A choice element has no suffix. */
export const MANDATORY_ELEMENTS = `R4 R4B R5: Account: status
R4 R4B R5: ActivityDefinition.dynamicValue: path expression
R4 R4B R5: AdverseEvent: actuality subject
R4 R4B R5: AuditEvent.entity.detail: value
R4 R4B R5: AuditEvent.source: observer
R4 R4B R5: BodyStructure: patient
R4 R4B R5: CapabilityStatement.rest.resource.operation: name definition
R4 R4B R5: ChargeItem.performer: actor
R4 R4B R5: ChargeItemDefinition: status
R4 R4B R5: Claim.supportingInfo: sequence category
R4 R4B R5: Claim: status type use patient created
R4 R4B R5: ClaimResponse.item.detail.subDetail: subDetailSequence
R4 R4B R5: ClaimResponse.item.detail: detailSequence
R4 R4B R5: ClaimResponse.item: itemSequence
R4 R4B R5: ClaimResponse.payment: type amount
R4 R4B R5: ClaimResponse.processNote: text
R4 R4B R5: ClaimResponse.total: category amount
R4 R4B R5: ClaimResponse: status type use patient created outcome
R4 R4B R5: Consent.provision.data: meaning reference
R4 R4B R5: Consent.verification: verified
R4 R4B R5: Contract.contentDefinition: type publicationStatus
R4 R4B R5: Contract.term.action.subject: reference
R4 R4B R5: Contract.term.action: type intent status
R4 R4B R5: Contract.term.offer.answer: value
R4 R4B R5: Contract.term.offer.party: reference role
R4 R4B R5: Contract.term.securityLabel: classification
R4 R4B R5: Contract.term: offer
R4 R4B R5: Coverage.class: type value
R4 R4B R5: Coverage.costToBeneficiary.exception: type
R4 R4B R5: Coverage: status beneficiary
R4 R4B R5: CoverageEligibilityRequest.insurance: coverage
R4 R4B R5: CoverageEligibilityRequest.supportingInfo: sequence information
R4 R4B R5: CoverageEligibilityRequest: status purpose patient created insurer
R4 R4B R5: CoverageEligibilityResponse.error: code
R4 R4B R5: CoverageEligibilityResponse.insurance.item.benefit: type
R4 R4B R5: CoverageEligibilityResponse.insurance: coverage
R4 R4B R5: CoverageEligibilityResponse: status purpose patient created request outcome insurer
R4 R4B R5: DataRequirement.sort: path direction
R4 R4B R5: Device.property: type
R4 R4B R5: Device.version: value
R4 R4B R5: DeviceDefinition.deviceName: name type
R4 R4B R5: DeviceDefinition.material: substance
R4 R4B R5: DeviceDefinition.property: type
R4 R4B R5: DeviceDefinition.udiDeviceIdentifier: deviceIdentifier issuer jurisdiction
R4 R4B R5: DiagnosticReport.media: link
R4 R4B R5: EventDefinition: status trigger
R4 R4B R5: Evidence: status
R4 R4B R5: EvidenceVariable: status
R4 R4B R5: ExampleScenario.actor: type
R4 R4B R5: ExampleScenario.process.step.alternative: title
R4 R4B R5: ExampleScenario.process: title
R4 R4B R5: ExampleScenario: status
R4 R4B R5: ExplanationOfBenefit.insurance: focal coverage
R4 R4B R5: ExplanationOfBenefit.supportingInfo: sequence category
R4 R4B R5: ExplanationOfBenefit.total: category amount
R4 R4B R5: ExplanationOfBenefit: status type use patient created outcome
R4 R4B R5: Goal: lifecycleStatus subject
R4 R4B R5: GuidanceResponse: module
R4 R4B R5: ImagingStudy.series.performer: actor
R4 R4B R5: ImagingStudy: status subject
R4 R4B R5: Immunization.performer: actor
R4 R4B R5: Immunization: occurrence
R4 R4B R5: ImmunizationEvaluation: status patient targetDisease immunizationEvent doseStatus
R4 R4B R5: ImmunizationRecommendation: date
R4 R4B R5: ImplementationGuide.definition.grouping: name
R4 R4B R5: ImplementationGuide.definition.page: title generation
R4 R4B R5: ImplementationGuide.definition.parameter: code value
R4 R4B R5: ImplementationGuide.definition.resource: reference
R4 R4B R5: ImplementationGuide.definition.template: code source
R4 R4B R5: ImplementationGuide.dependsOn: uri
R4 R4B R5: ImplementationGuide.manifest.page: name
R4 R4B R5: ImplementationGuide.manifest.resource: reference
R4 R4B R5: ImplementationGuide.manifest: resource
R4 R4B R5: ImplementationGuide: packageId fhirVersion
R4 R4B R5: InsurancePlan.coverage.benefit: type
R4 R4B R5: InsurancePlan.coverage: type benefit
R4 R4B R5: InsurancePlan.plan.specificCost.benefit.cost: type
R4 R4B R5: InsurancePlan.plan.specificCost.benefit: type
R4 R4B R5: InsurancePlan.plan.specificCost: category
R4 R4B R5: Invoice.lineItem: chargeItem
R4 R4B R5: Invoice.participant: actor
R4 R4B R5: Invoice: status
R4 R4B R5: MarketingStatus: status
R4 R4B R5: Measure.supplementalData: criteria
R4 R4B R5: MeasureReport.group.stratifier.stratum.component: code
R4 R4B R5: MedicationDispense: status
R4 R4B R5: MedicationKnowledge.cost: type
R4 R4B R5: MedicationKnowledge.medicineClassification: type
R4 R4B R5: MedicationKnowledge.regulatory.maxDispense: quantity
R4 R4B R5: MedicationKnowledge.regulatory.substitution: type allowed
R4 R4B R5: MedicationKnowledge.regulatory: regulatoryAuthority
R4 R4B R5: MedicationKnowledge.relatedMedicationKnowledge: type reference
R4 R4B R5: MedicationRequest.substitution: allowed
R4 R4B R5: MedicationRequest: status
R4 R4B R5: MessageDefinition.focus: min
R4 R4B R5: MessageDefinition: event
R4 R4B R5: MessageHeader: event
R4 R4B R5: NutritionOrder: status intent
R4 R4B R5: ObservationDefinition: code
R4 R4B R5: OperationDefinition.parameter.binding: valueSet
R4 R4B R5: OperationDefinition.parameter.referencedFrom: source
R4 R4B R5: PaymentNotice: status created recipient amount
R4 R4B R5: PaymentReconciliation: status created
R4 R4B R5: Provenance.agent: who
R4 R4B R5: Provenance.entity: what
R4 R4B R5: Questionnaire.item.answerOption: value
R4 R4B R5: Questionnaire.item.enableWhen: operator answer
R4 R4B R5: Questionnaire.item.initial: value
R4 R4B R5: RelatedPerson.communication: language
R4 R4B R5: RiskAssessment: subject
R4 R4B R5: ServiceRequest: status intent subject
R4 R4B R5: SpecimenDefinition.typeTested.container.additive: additive
R4 R4B R5: SpecimenDefinition.typeTested: preference
R4 R4B R5: StructureDefinition.context: type expression
R4 R4B R5: SupplyRequest: quantity
R4 R4B R5: TerminologyCapabilities.codeSystem.version.filter: code op
R4 R4B R5: TerminologyCapabilities.expansion.parameter: name
R4 R4B R5: TerminologyCapabilities.implementation: description
R4 R4B R5: TerminologyCapabilities.software: name
R4 R4B R5: TerminologyCapabilities.translation: needsMap
R4 R4B R5: TerminologyCapabilities.validateCode: translations
R4 R4B R5: TerminologyCapabilities: status date kind
R4 R4B R5: TestScript.fixture: autocreate autodelete
R4 R4B R5: TestScript.metadata.capability: required validated
R4 R4B R5: TestScript.setup.action.assert: warningOnly
R4 R4B R5: TestScript.setup.action.operation: encodeRequestUrl
R4 R4B R5: VerificationResult.validator: organization
R4 R4B R5: VerificationResult: status
R4 R4B R5: VisionPrescription.lensSpecification.prism: amount base
R4 R4B R5: VisionPrescription.lensSpecification: product eye
R4 R4B R5: VisionPrescription: status created patient dateWritten prescriber lensSpecification
R4 R4B: CatalogEntry.relatedEntry: relationtype item
R4 R4B: CatalogEntry: orderable referencedItem
R4 R4B: ChargeItemDefinition.propertyGroup.priceComponent: type
R4 R4B: ChargeItemDefinition: url
R4 R4B: Claim.item.detail.subDetail: productOrService
R4 R4B: Claim.item.detail: productOrService
R4 R4B: Claim.item: productOrService
R4 R4B: Claim: provider priority insurance
R4 R4B: ClaimResponse.addItem.detail.subDetail: productOrService adjudication
R4 R4B: ClaimResponse.addItem.detail: productOrService adjudication
R4 R4B: ClaimResponse.addItem: productOrService adjudication
R4 R4B: ClaimResponse.item.detail: adjudication
R4 R4B: ClaimResponse.item: adjudication
R4 R4B: ClaimResponse: insurer
R4 R4B: ConceptMap.group.element.target.dependsOn: value
R4 R4B: ConceptMap.group.element.target: equivalence
R4 R4B: Consent.provision.actor: role reference
R4 R4B: Consent: scope category
R4 R4B: Coverage.costToBeneficiary: value
R4 R4B: Coverage: payor
R4 R4B: Device.deviceName: name type
R4 R4B: Device.specialization: systemType
R4 R4B: DeviceDefinition.capability: type
R4 R4B: DeviceDefinition.specialization: systemType
R4 R4B: Encounter: class
R4 R4B: EvidenceVariable.characteristic: definition
R4 R4B: ExampleScenario.actor: actorId
R4 R4B: ExampleScenario.instance.containedInstance: resourceId
R4 R4B: ExampleScenario.instance.version: versionId description
R4 R4B: ExampleScenario.instance: resourceId resourceType
R4 R4B: ExampleScenario.process.step.operation: number
R4 R4B: ExplanationOfBenefit.addItem.detail.subDetail: productOrService
R4 R4B: ExplanationOfBenefit.addItem.detail: productOrService
R4 R4B: ExplanationOfBenefit.addItem: productOrService
R4 R4B: ExplanationOfBenefit.item.detail.subDetail: productOrService
R4 R4B: ExplanationOfBenefit.item.detail: productOrService
R4 R4B: ExplanationOfBenefit.item: productOrService
R4 R4B: ExplanationOfBenefit: insurer provider insurance
R4 R4B: Expression: language
R4 R4B: GraphDefinition.link.target.compartment: use
R4 R4B: Immunization.protocolApplied: doseNumber
R4 R4B: ImplementationGuide.definition.page: name
R4 R4B: ImplementationGuide.definition: resource
R4 R4B: Invoice.lineItem.priceComponent: type
R4 R4B: Measure.group.stratifier.component: criteria
R4 R4B: MeasureReport.group.stratifier.stratum.component: value
R4 R4B: Media: status
R4 R4B: MedicationKnowledge.administrationGuidelines.dosage: type dosage
R4 R4B: MedicationKnowledge.administrationGuidelines.patientCharacteristics: characteristic
R4 R4B: MedicationKnowledge.cost: cost
R4 R4B: MedicationKnowledge.ingredient: item
R4 R4B: MedicationKnowledge.regulatory.schedule: schedule
R4 R4B: MolecularSequence.quality: type
R4 R4B: MolecularSequence.repository: type
R4 R4B: MolecularSequence: coordinateSystem
R4 R4B: PaymentNotice: payment
R4 R4B: PaymentReconciliation: paymentDate paymentAmount
R4 R4B: ProductShelfLife: type period
R4 R4B: ResearchDefinition: status population
R4 R4B: ResearchElementDefinition.characteristic: definition
R4 R4B: ResearchElementDefinition: status type characteristic
R4 R4B: Signature: who
R4 R4B: SupplyRequest: item
R4: EffectEvidenceSynthesis.resultsByExposure: riskEvidenceSynthesis
R4: EffectEvidenceSynthesis: status population exposure exposureAlternative outcome
R4: Evidence: exposureBackground
R4: EvidenceVariable: characteristic
R4: MarketingStatus: country dateRange
R4: MedicinalProduct.name.countryLanguage: country language
R4: MedicinalProduct.name.namePart: part type
R4: MedicinalProduct.name: productName
R4: MedicinalProduct: name
R4: MedicinalProductAuthorization.procedure: type
R4: MedicinalProductContraindication.otherTherapy: therapyRelationshipType medication
R4: MedicinalProductIndication.otherTherapy: therapyRelationshipType medication
R4: MedicinalProductIngredient.specifiedSubstance.strength.referenceStrength: strength
R4: MedicinalProductIngredient.specifiedSubstance.strength: presentation
R4: MedicinalProductIngredient.specifiedSubstance: code group
R4: MedicinalProductIngredient.substance: code
R4: MedicinalProductIngredient: role
R4: MedicinalProductInteraction.interactant: item
R4: MedicinalProductManufactured: manufacturedDoseForm quantity
R4: MedicinalProductPackaged.batchIdentifier: outerPackaging
R4: MedicinalProductPackaged.packageItem: type quantity
R4: MedicinalProductPackaged: packageItem
R4: MedicinalProductPharmaceutical.characteristics: code
R4: MedicinalProductPharmaceutical.routeOfAdministration.targetSpecies.withdrawalPeriod: tissue value
R4: MedicinalProductPharmaceutical.routeOfAdministration.targetSpecies: code
R4: MedicinalProductPharmaceutical.routeOfAdministration: code
R4: MedicinalProductPharmaceutical: administrableDoseForm routeOfAdministration
R4: RiskEvidenceSynthesis: status population outcome
R4: SubstanceSpecification.name: name
R4B R5: AdministrableProductDefinition.property: type
R4B R5: AdministrableProductDefinition.routeOfAdministration.targetSpecies.withdrawalPeriod: tissue value
R4B R5: AdministrableProductDefinition.routeOfAdministration.targetSpecies: code
R4B R5: AdministrableProductDefinition.routeOfAdministration: code
R4B R5: AdministrableProductDefinition: status routeOfAdministration
R4B R5: Citation.citedArtifact.abstract: text
R4B R5: Citation.citedArtifact.contributorship.entry.contributionInstance: type
R4B R5: Citation.citedArtifact.contributorship.summary: value
R4B R5: Citation.citedArtifact.statusDate: activity period
R4B R5: Citation.citedArtifact.title: text
R4B R5: Citation.citedArtifact.version: value
R4B R5: Citation.statusDate: activity period
R4B R5: Citation.summary: text
R4B R5: Citation: status
R4B R5: ClinicalUseDefinition.contraindication.otherTherapy: relationshipType
R4B R5: ClinicalUseDefinition.interaction.interactant: item
R4B R5: ClinicalUseDefinition: type
R4B R5: Evidence.statistic.modelCharacteristic.variable: variableDefinition
R4B R5: Evidence.statistic.modelCharacteristic: code
R4B R5: Evidence.variableDefinition: variableRole
R4B R5: Evidence: variableDefinition
R4B R5: EvidenceReport.relatesTo: code
R4B R5: EvidenceReport.subject.characteristic: code value
R4B R5: EvidenceReport: status subject
R4B R5: Ingredient.manufacturer: manufacturer
R4B R5: Ingredient.substance.strength.referenceStrength: strength
R4B R5: Ingredient.substance: code
R4B R5: Ingredient: status role substance
R4B R5: ManufacturedItemDefinition.property: type
R4B R5: ManufacturedItemDefinition: status manufacturedDoseForm
R4B R5: MedicinalProductDefinition.characteristic: type
R4B R5: MedicinalProductDefinition.contact: contact
R4B R5: MedicinalProductDefinition.crossReference: product
R4B R5: MedicinalProductDefinition.name: productName
R4B R5: MedicinalProductDefinition: name
R4B R5: NutritionProduct.ingredient: item
R4B R5: NutritionProduct: status
R4B R5: SubscriptionStatus.notificationEvent: eventNumber
R4B R5: SubscriptionStatus: type subscription
R4B R5: SubscriptionTopic.canFilterBy: filterParameter
R4B R5: SubscriptionTopic.eventTrigger: event resource
R4B R5: SubscriptionTopic.notificationShape: resource
R4B R5: SubscriptionTopic.resourceTrigger: resource
R4B R5: SubscriptionTopic: url status
R4B R5: SubstanceDefinition.molecularWeight: amount
R4B R5: SubstanceDefinition.name: name
R4B R5: SubstanceDefinition.property: type
R4B R5: SubstanceDefinition.relationship: type
R4B: Citation.citedArtifact.relatesTo: relationshipType target
R4B: Citation.relatesTo: relationshipType target
R4B: ClinicalUseDefinition.contraindication.otherTherapy: therapy
R4B: EvidenceReport.relatesTo: target
R4B: MedicinalProductDefinition.name.countryLanguage: country language
R4B: MedicinalProductDefinition.name.namePart: part type
R4B: NutritionProduct.productCharacteristic: type value
R4B: PackagedProductDefinition.package.containedItem: item
R4B: PackagedProductDefinition.package.property: type
R5: Account.balance: amount
R5: Account.diagnosis: condition
R5: Account.procedure: code
R5: Account.relatedAccount: account
R5: ActorDefinition: status type
R5: AdverseEvent.contributingFactor: item
R5: AdverseEvent.mitigatingAction: item
R5: AdverseEvent.participant: actor
R5: AdverseEvent.preventiveAction: item
R5: AdverseEvent.supportingInfo: item
R5: AdverseEvent.suspectEntity: instance
R5: AdverseEvent: status
R5: AllergyIntolerance.participant: actor
R5: Appointment.recurrenceTemplate.monthlyTemplate: monthInterval
R5: Appointment.recurrenceTemplate.yearlyTemplate: yearInterval
R5: Appointment.recurrenceTemplate: recurrenceType
R5: ArtifactAssessment: artifact
R5: AuditEvent.agent: who
R5: AuditEvent.outcome: code
R5: AuditEvent: code
R5: BiologicallyDerivedProduct.property: type value
R5: BiologicallyDerivedProductDispense.performer: actor
R5: BiologicallyDerivedProductDispense: status product patient
R5: BodyStructure.includedStructure: structure
R5: BodyStructure: includedStructure
R5: CanonicalResource: status
R5: Citation.citedArtifact.contributorship.entry: contributor
R5: Citation.citedArtifact.relatesTo: type
R5: Claim.event: type when
R5: Claim.item.bodySite: site
R5: ClaimResponse.addItem.bodySite: site
R5: ClaimResponse.event: type when
R5: ClinicalUseDefinition.contraindication.otherTherapy: treatment
R5: CommunicationRequest: intent
R5: ConceptMap.additionalAttribute: code type
R5: ConceptMap.group.element.target.dependsOn: attribute
R5: ConceptMap.group.element.target.property: code value
R5: ConceptMap.group.element.target: relationship
R5: ConceptMap.property: code type
R5: Condition.participant: actor
R5: Condition: clinicalStatus
R5: ConditionDefinition.plan: reference
R5: ConditionDefinition.precondition: type code
R5: ConditionDefinition.questionnaire: purpose reference
R5: ConditionDefinition: status code
R5: Coverage.paymentBy: party
R5: Coverage: kind
R5: CoverageEligibilityRequest.event: type when
R5: CoverageEligibilityResponse.event: type when
R5: Definition: status
R5: Device.conformsTo: specification
R5: Device.name: value type
R5: Device.property: value
R5: Device.udiCarrier: deviceIdentifier issuer
R5: DeviceAssociation.operation: status
R5: DeviceAssociation: device status
R5: DeviceDefinition.chargeItem: chargeItemCode count
R5: DeviceDefinition.classification: type
R5: DeviceDefinition.conformsTo: specification
R5: DeviceDefinition.correctiveAction: recall period
R5: DeviceDefinition.hasPart: reference
R5: DeviceDefinition.link: relation relatedDevice
R5: DeviceDefinition.property: value
R5: DeviceDefinition.regulatoryIdentifier: type deviceIdentifier issuer jurisdiction
R5: DeviceDefinition.udiDeviceIdentifier.marketDistribution: marketPeriod subJurisdiction
R5: DeviceDefinition.version: value
R5: DeviceDispense.performer: actor
R5: DeviceDispense: status device subject
R5: DeviceMetric: device
R5: DeviceRequest: code
R5: DeviceUsage.adherence: code reason
R5: DeviceUsage: status patient device
R5: DiagnosticReport.supportingInfo: type reference
R5: DocumentReference.attester: mode
R5: DocumentReference.content.profile: value
R5: ElementDefinition.binding.additional: purpose valueSet
R5: EncounterHistory.location: location
R5: EncounterHistory: status class
R5: Event.performer: actor
R5: Event: status subject
R5: EvidenceReport.relatesTo: target
R5: EvidenceVariable.characteristic.definitionByCombination: code characteristic
R5: EvidenceVariable.characteristic.definitionByTypeAndValue: type value
R5: ExampleScenario.actor: key title
R5: ExampleScenario.instance.containedInstance: instanceReference
R5: ExampleScenario.instance.version: key title
R5: ExampleScenario.instance: key structureType title
R5: ExampleScenario.process.step.operation: title
R5: ExplanationOfBenefit.addItem.bodySite: site
R5: ExplanationOfBenefit.event: type when
R5: ExplanationOfBenefit.item.bodySite: site
R5: FamilyMemberHistory.participant: actor
R5: FamilyMemberHistory.procedure: code
R5: GenomicStudy: status subject
R5: GraphDefinition.link.compartment: use rule code
R5: GraphDefinition.link: sourceId targetId
R5: GraphDefinition.node: nodeId type
R5: Group: membership
R5: ImagingSelection.instance.imageRegion2D: regionType coordinate
R5: ImagingSelection.instance.imageRegion3D: regionType coordinate
R5: ImagingSelection.instance: uid
R5: ImagingSelection: status code
R5: Immunization.programEligibility: program programStatus
R5: Immunization.protocolApplied: doseNumber
R5: ImplementationGuide.definition.page: name
R5: Ingredient.substance.strength.referenceStrength: substance
R5: InventoryItem.association: associationType relatedItem quantity
R5: InventoryItem.characteristic: characteristicType value
R5: InventoryItem.name: nameType language name
R5: InventoryItem.responsibleOrganization: role organization
R5: InventoryItem: status
R5: InventoryReport.inventoryListing.item: quantity item
R5: InventoryReport: status countType reportedDateTime
R5: ManufacturedItemDefinition.component: type
R5: MeasureReport.group.stratifier.stratum.component: value
R5: Medication.ingredient: item
R5: MedicationAdministration: medication occurence
R5: MedicationDispense: medication subject
R5: MedicationKnowledge.cost: cost
R5: MedicationKnowledge.definitional.ingredient: item
R5: MedicationKnowledge.indicationGuideline.dosingGuideline.dosage: type dosage
R5: MedicationKnowledge.indicationGuideline.dosingGuideline.patientCharacteristic: type
R5: MedicationKnowledge.storageGuideline.environmentalSetting: type value
R5: MedicationRequest: medication
R5: MedicationStatement.adherence: code
R5: MedicationStatement: medication
R5: MedicinalProductDefinition.name.part: part type
R5: MedicinalProductDefinition.name.usage: country language
R5: MolecularSequence.relative: coordinateSystem
R5: MonetaryComponent: type
R5: NutritionIntake.consumedItem: type nutritionProduct
R5: NutritionIntake.ingredientLabel: nutrient amount
R5: NutritionIntake.performer: actor
R5: NutritionIntake: status subject consumedItem
R5: NutritionOrder: subject
R5: NutritionProduct.characteristic: type value
R5: Observation.triggeredBy: observation type
R5: ObservationDefinition.component: code
R5: ObservationDefinition: status
R5: Organization.qualification: code
R5: PackagedProductDefinition.packaging.containedItem: item
R5: PackagedProductDefinition.packaging.property: type
R5: PaymentReconciliation: type date amount
R5: Permission.rule.data.resource: meaning reference
R5: Permission: status combining
R5: Person.communication: language
R5: PlanDefinition.action.relatedAction: targetId
R5: PlanDefinition.actor: option
R5: Practitioner.communication: language
R5: Product: status
R5: Publishable: date
R5: QuestionnaireResponse.item.answer: value
R5: QuestionnaireResponse: questionnaire
R5: Request: status intent subject
R5: RequestOrchestration.action.condition: kind
R5: RequestOrchestration.action.relatedAction: targetId relationship
R5: RequestOrchestration: status intent
R5: Requirements.statement: key requirement
R5: Requirements: status
R5: ResearchStudy.associatedParty: role
R5: ResearchStudy.comparisonGroup: name
R5: ResearchStudy.progressStatus: state
R5: ResearchSubject: subject
R5: SampledData: intervalUnit
R5: ServiceRequest.orderDetail.parameter: code value
R5: ServiceRequest.orderDetail: parameter
R5: Shareable: url version title status description
R5: Specimen.container: device
R5: Specimen.feature: type description
R5: SpecimenDefinition: status
R5: StructureMap.group.rule.dependent: parameter
R5: Subscription.filterBy: filterParameter value
R5: Subscription.parameter: name value
R5: Subscription: topic channelType
R5: Substance: instance
R5: SupplyRequest: item
R5: Task.performer: actor
R5: TerminologyCapabilities.codeSystem: content
R5: TestPlan.testCase.testData: type
R5: TestPlan: status
R5: TestScript.scope: artifact
R5: TestScript.setup.action.assert: stopTestOnFail
R5: Transport.input: type value
R5: Transport.output: type value
R5: Transport: intent requestedLocation currentLocation
R5: ValueSet.expansion.contains.property.subProperty: code value
R5: ValueSet.expansion.contains.property: code value
R5: ValueSet.expansion.property: code
STU3 R4 R4B R5: Account.coverage: coverage
STU3 R4 R4B R5: Account.guarantor: party
STU3 R4 R4B R5: ActivityDefinition: status
STU3 R4 R4B R5: AllergyIntolerance.reaction: manifestation
STU3 R4 R4B R5: AllergyIntolerance: patient
STU3 R4 R4B R5: Annotation: text
STU3 R4 R4B R5: Appointment.participant: status
STU3 R4 R4B R5: Appointment: status participant
STU3 R4 R4B R5: AppointmentResponse: appointment participantStatus
STU3 R4 R4B R5: AuditEvent.entity.detail: type
STU3 R4 R4B R5: AuditEvent: recorded agent source
STU3 R4 R4B R5: Basic: code
STU3 R4 R4B R5: Binary: contentType
STU3 R4 R4B R5: Bundle.entry.request: method url
STU3 R4 R4B R5: Bundle.entry.response: status
STU3 R4 R4B R5: Bundle.link: relation url
STU3 R4 R4B R5: Bundle: type
STU3 R4 R4B R5: CapabilityStatement.document: mode profile
STU3 R4 R4B R5: CapabilityStatement.implementation: description
STU3 R4 R4B R5: CapabilityStatement.messaging.endpoint: protocol address
STU3 R4 R4B R5: CapabilityStatement.messaging.supportedMessage: mode definition
STU3 R4 R4B R5: CapabilityStatement.rest.interaction: code
STU3 R4 R4B R5: CapabilityStatement.rest.resource.interaction: code
STU3 R4 R4B R5: CapabilityStatement.rest.resource.searchParam: name type
STU3 R4 R4B R5: CapabilityStatement.rest.resource: type
STU3 R4 R4B R5: CapabilityStatement.rest: mode
STU3 R4 R4B R5: CapabilityStatement.software: name
STU3 R4 R4B R5: CapabilityStatement: status date kind fhirVersion format
STU3 R4 R4B R5: CarePlan: status intent subject
STU3 R4 R4B R5: ChargeItem: status code subject
STU3 R4 R4B R5: Claim.accident: date
STU3 R4 R4B R5: Claim.careTeam: sequence provider
STU3 R4 R4B R5: Claim.diagnosis: sequence diagnosis
STU3 R4 R4B R5: Claim.insurance: sequence focal coverage
STU3 R4 R4B R5: Claim.item.detail.subDetail: sequence
STU3 R4 R4B R5: Claim.item.detail: sequence
STU3 R4 R4B R5: Claim.item: sequence
STU3 R4 R4B R5: Claim.payee: type
STU3 R4 R4B R5: Claim.procedure: sequence procedure
STU3 R4 R4B R5: ClaimResponse.error: code
STU3 R4 R4B R5: ClaimResponse.insurance: sequence focal coverage
STU3 R4 R4B R5: ClaimResponse.item.adjudication: category
STU3 R4 R4B R5: ClinicalImpression: status subject
STU3 R4 R4B R5: CodeSystem.concept.designation: value
STU3 R4 R4B R5: CodeSystem.concept.property: code value
STU3 R4 R4B R5: CodeSystem.concept: code
STU3 R4 R4B R5: CodeSystem.filter: code operator value
STU3 R4 R4B R5: CodeSystem.property: code type
STU3 R4 R4B R5: CodeSystem: status content
STU3 R4 R4B R5: Communication.payload: content
STU3 R4 R4B R5: Communication: status
STU3 R4 R4B R5: CommunicationRequest.payload: content
STU3 R4 R4B R5: CommunicationRequest: status
STU3 R4 R4B R5: CompartmentDefinition.resource: code
STU3 R4 R4B R5: CompartmentDefinition: url name status code search
STU3 R4 R4B R5: Composition.attester: mode
STU3 R4 R4B R5: Composition: status type date author title
STU3 R4 R4B R5: ConceptMap.group.unmapped: mode
STU3 R4 R4B R5: ConceptMap.group: element
STU3 R4 R4B R5: ConceptMap: status
STU3 R4 R4B R5: Condition: subject
STU3 R4 R4B R5: Consent: status
STU3 R4 R4B R5: Contract.friendly: content
STU3 R4 R4B R5: Contract.legal: content
STU3 R4 R4B R5: Contract.rule: content
STU3 R4 R4B R5: Contract.signer: type party signature
STU3 R4 R4B R5: Contributor: type name
STU3 R4 R4B R5: DataRequirement: type
STU3 R4 R4B R5: DetectedIssue.mitigation: action
STU3 R4 R4B R5: DetectedIssue: status
STU3 R4 R4B R5: DeviceMetric: type category
STU3 R4 R4B R5: DeviceRequest: intent subject
STU3 R4 R4B R5: DiagnosticReport: status code
STU3 R4 R4B R5: DocumentReference.content: attachment
STU3 R4 R4B R5: DocumentReference.relatesTo: code target
STU3 R4 R4B R5: DocumentReference: status content
STU3 R4 R4B R5: ElementDefinition.base: path min max
STU3 R4 R4B R5: ElementDefinition.binding: strength
STU3 R4 R4B R5: ElementDefinition.constraint: key severity human
STU3 R4 R4B R5: ElementDefinition.example: label value
STU3 R4 R4B R5: ElementDefinition.mapping: identity map
STU3 R4 R4B R5: ElementDefinition.slicing.discriminator: type path
STU3 R4 R4B R5: ElementDefinition.slicing: rules
STU3 R4 R4B R5: ElementDefinition.type: code
STU3 R4 R4B R5: ElementDefinition: path
STU3 R4 R4B R5: Encounter.location: location
STU3 R4 R4B R5: Encounter: status
STU3 R4 R4B R5: Endpoint: status connectionType address
STU3 R4 R4B R5: EpisodeOfCare.statusHistory: status period
STU3 R4 R4B R5: EpisodeOfCare: status patient
STU3 R4 R4B R5: ExplanationOfBenefit.benefitBalance.financial: type
STU3 R4 R4B R5: ExplanationOfBenefit.benefitBalance: category
STU3 R4 R4B R5: ExplanationOfBenefit.careTeam: sequence provider
STU3 R4 R4B R5: ExplanationOfBenefit.diagnosis: sequence diagnosis
STU3 R4 R4B R5: ExplanationOfBenefit.item.adjudication: category
STU3 R4 R4B R5: ExplanationOfBenefit.item.detail.subDetail: sequence
STU3 R4 R4B R5: ExplanationOfBenefit.item.detail: sequence
STU3 R4 R4B R5: ExplanationOfBenefit.item: sequence
STU3 R4 R4B R5: ExplanationOfBenefit.procedure: sequence procedure
STU3 R4 R4B R5: Extension: url
STU3 R4 R4B R5: FamilyMemberHistory.condition: code
STU3 R4 R4B R5: FamilyMemberHistory: status patient relationship
STU3 R4 R4B R5: Flag: status code subject
STU3 R4 R4B R5: Goal: description
STU3 R4 R4B R5: GraphDefinition: name status
STU3 R4 R4B R5: Group.characteristic: code value exclude
STU3 R4 R4B R5: Group.member: entity
STU3 R4 R4B R5: Group: type
STU3 R4 R4B R5: GuidanceResponse: status
STU3 R4 R4B R5: ImagingStudy.series.instance: uid sopClass
STU3 R4 R4B R5: ImagingStudy.series: uid modality
STU3 R4 R4B R5: Immunization: status vaccineCode patient
STU3 R4 R4B R5: ImmunizationRecommendation.recommendation.dateCriterion: code value
STU3 R4 R4B R5: ImmunizationRecommendation.recommendation: forecastStatus
STU3 R4 R4B R5: ImmunizationRecommendation: patient recommendation
STU3 R4 R4B R5: ImplementationGuide.global: type profile
STU3 R4 R4B R5: ImplementationGuide: url name status
STU3 R4 R4B R5: Library: status type
STU3 R4 R4B R5: Linkage.item: type resource
STU3 R4 R4B R5: Linkage: item
STU3 R4 R4B R5: List.entry: item
STU3 R4 R4B R5: List: status mode
STU3 R4 R4B R5: Location.position: longitude latitude
STU3 R4 R4B R5: Measure: status
STU3 R4 R4B R5: MeasureReport: status type period
STU3 R4 R4B R5: MedicationAdministration.performer: actor
STU3 R4 R4B R5: MedicationAdministration: status subject
STU3 R4 R4B R5: MedicationDispense.performer: actor
STU3 R4 R4B R5: MedicationDispense.substitution: wasSubstituted
STU3 R4 R4B R5: MedicationRequest: intent subject
STU3 R4 R4B R5: MedicationStatement: status subject
STU3 R4 R4B R5: MessageDefinition.allowedResponse: message
STU3 R4 R4B R5: MessageDefinition.focus: code
STU3 R4 R4B R5: MessageDefinition: status date
STU3 R4 R4B R5: MessageHeader.response: identifier code
STU3 R4 R4B R5: MessageHeader: source
STU3 R4 R4B R5: NamingSystem.uniqueId: type value
STU3 R4 R4B R5: NamingSystem: name status kind date uniqueId
STU3 R4 R4B R5: Narrative: status div
STU3 R4 R4B R5: NutritionOrder: dateTime
STU3 R4 R4B R5: Observation.component: code
STU3 R4 R4B R5: Observation: status code
STU3 R4 R4B R5: OperationDefinition.parameter.binding: strength
STU3 R4 R4B R5: OperationDefinition.parameter: name use min max
STU3 R4 R4B R5: OperationDefinition: name status kind code system type instance
STU3 R4 R4B R5: OperationOutcome.issue: severity code
STU3 R4 R4B R5: OperationOutcome: issue
STU3 R4 R4B R5: ParameterDefinition: use type
STU3 R4 R4B R5: Parameters.parameter: name
STU3 R4 R4B R5: Patient.communication: language
STU3 R4 R4B R5: Patient.link: other type
STU3 R4 R4B R5: Person.link: target
STU3 R4 R4B R5: PlanDefinition.action.condition: kind
STU3 R4 R4B R5: PlanDefinition.action.relatedAction: relationship
STU3 R4 R4B R5: PlanDefinition.goal: description
STU3 R4 R4B R5: PlanDefinition: status
STU3 R4 R4B R5: Practitioner.qualification: code
STU3 R4 R4B R5: Procedure.focalDevice: manipulated
STU3 R4 R4B R5: Procedure.performer: actor
STU3 R4 R4B R5: Procedure: status subject
STU3 R4 R4B R5: Provenance.entity: role
STU3 R4 R4B R5: Provenance: target agent
STU3 R4 R4B R5: Questionnaire.item.enableWhen: question
STU3 R4 R4B R5: Questionnaire.item: linkId type
STU3 R4 R4B R5: Questionnaire: status
STU3 R4 R4B R5: QuestionnaireResponse.item: linkId
STU3 R4 R4B R5: QuestionnaireResponse: status
STU3 R4 R4B R5: RelatedArtifact: type
STU3 R4 R4B R5: RelatedPerson: patient
STU3 R4 R4B R5: ResearchStudy: status
STU3 R4 R4B R5: ResearchSubject: status study
STU3 R4 R4B R5: RiskAssessment: status
STU3 R4 R4B R5: SampledData: origin dimensions
STU3 R4 R4B R5: Schedule: actor
STU3 R4 R4B R5: SearchParameter.component: definition expression
STU3 R4 R4B R5: SearchParameter: url name status code base type description
STU3 R4 R4B R5: Slot: schedule status start end
STU3 R4 R4B R5: StructureDefinition.differential: element
STU3 R4 R4B R5: StructureDefinition.mapping: identity
STU3 R4 R4B R5: StructureDefinition.snapshot: element
STU3 R4 R4B R5: StructureDefinition: url name status kind abstract type
STU3 R4 R4B R5: StructureMap.group.input: name mode
STU3 R4 R4B R5: StructureMap.group.rule.dependent: name
STU3 R4 R4B R5: StructureMap.group.rule.source: context
STU3 R4 R4B R5: StructureMap.group.rule.target.parameter: value
STU3 R4 R4B R5: StructureMap.group.rule: source
STU3 R4 R4B R5: StructureMap.group: name input
STU3 R4 R4B R5: StructureMap.structure: url mode
STU3 R4 R4B R5: StructureMap: url name status group
STU3 R4 R4B R5: Subscription: status
STU3 R4 R4B R5: Substance.ingredient: substance
STU3 R4 R4B R5: Substance: code
STU3 R4 R4B R5: Task.input: type value
STU3 R4 R4B R5: Task.output: type value
STU3 R4 R4B R5: Task: status intent
STU3 R4 R4B R5: TestReport.participant: type uri
STU3 R4 R4B R5: TestReport.setup.action.assert: result
STU3 R4 R4B R5: TestReport.setup.action.operation: result
STU3 R4 R4B R5: TestReport.setup: action
STU3 R4 R4B R5: TestReport.teardown.action: operation
STU3 R4 R4B R5: TestReport.teardown: action
STU3 R4 R4B R5: TestReport.test: action
STU3 R4 R4B R5: TestReport: status testScript result
STU3 R4 R4B R5: TestScript.destination: index profile
STU3 R4 R4B R5: TestScript.metadata.capability: capabilities
STU3 R4 R4B R5: TestScript.metadata.link: url
STU3 R4 R4B R5: TestScript.metadata: capability
STU3 R4 R4B R5: TestScript.origin: index profile
STU3 R4 R4B R5: TestScript.setup.action.operation.requestHeader: field value
STU3 R4 R4B R5: TestScript.setup: action
STU3 R4 R4B R5: TestScript.teardown.action: operation
STU3 R4 R4B R5: TestScript.teardown: action
STU3 R4 R4B R5: TestScript.test: action
STU3 R4 R4B R5: TestScript.variable: name
STU3 R4 R4B R5: TestScript: name status
STU3 R4 R4B R5: TriggerDefinition: type
STU3 R4 R4B R5: UsageContext: code value
STU3 R4 R4B R5: ValueSet.compose.include.concept.designation: value
STU3 R4 R4B R5: ValueSet.compose.include.concept: code
STU3 R4 R4B R5: ValueSet.compose.include.filter: property op value
STU3 R4 R4B R5: ValueSet.compose: include
STU3 R4 R4B R5: ValueSet.expansion.parameter: name
STU3 R4 R4B R5: ValueSet.expansion: timestamp
STU3 R4 R4B R5: ValueSet: status
STU3 R4 R4B R5: xhtml: value
STU3 R4 R4B: ActivityDefinition.participant: type
STU3 R4 R4B: AdverseEvent.suspectEntity: instance
STU3 R4 R4B: AuditEvent.agent: requestor
STU3 R4 R4B: AuditEvent: type
STU3 R4 R4B: CarePlan.activity.detail: status
STU3 R4 R4B: ClinicalImpression.investigation: code
STU3 R4 R4B: Composition.relatesTo: code target
STU3 R4 R4B: ConceptMap.group.element.target.dependsOn: property
STU3 R4 R4B: DeviceRequest: code
STU3 R4 R4B: DeviceUseStatement: status subject device
STU3 R4 R4B: DocumentManifest: status content
STU3 R4 R4B: Encounter.classHistory: class period
STU3 R4 R4B: Encounter.diagnosis: condition
STU3 R4 R4B: Encounter.statusHistory: status period
STU3 R4 R4B: Endpoint: payloadType
STU3 R4 R4B: EpisodeOfCare.diagnosis: condition
STU3 R4 R4B: GraphDefinition.link.target.compartment: code rule
STU3 R4 R4B: GraphDefinition.link.target: type
STU3 R4 R4B: GraphDefinition: start
STU3 R4 R4B: Group: actual
STU3 R4 R4B: HealthcareService.notAvailable: description
STU3 R4 R4B: Measure.group.population: criteria
STU3 R4 R4B: MeasureReport: measure
STU3 R4 R4B: Media: content
STU3 R4 R4B: Medication.ingredient: item
STU3 R4 R4B: MedicationAdministration: medication effective
STU3 R4 R4B: MedicationDispense: medication
STU3 R4 R4B: MedicationRequest: medication
STU3 R4 R4B: MedicationStatement: medication
STU3 R4 R4B: MessageHeader.destination: endpoint
STU3 R4 R4B: MessageHeader.source: endpoint
STU3 R4 R4B: NutritionOrder: patient
STU3 R4 R4B: PaymentReconciliation.detail: type
STU3 R4 R4B: PlanDefinition.action.participant: type
STU3 R4 R4B: PlanDefinition.action.relatedAction: actionId
STU3 R4 R4B: PractitionerRole.notAvailable: description
STU3 R4 R4B: Provenance: recorded
STU3 R4 R4B: RequestGroup.action.condition: kind
STU3 R4 R4B: RequestGroup.action.relatedAction: actionId relationship
STU3 R4 R4B: RequestGroup: status intent
STU3 R4 R4B: ResearchStudy.arm: name
STU3 R4 R4B: ResearchSubject: individual
STU3 R4 R4B: SampledData: period
STU3 R4 R4B: Signature: type when
STU3 R4 R4B: StructureMap.group.rule.dependent: variable
STU3 R4 R4B: StructureMap.group.rule: name
STU3 R4 R4B: StructureMap.group: typeMode rule
STU3 R4 R4B: Subscription.channel: type
STU3 R4 R4B: Subscription: reason criteria channel
STU3 R4 R4B: TestScript: url
STU3 R4 R5: MetadataResource: status
STU3: AllergyIntolerance: verificationStatus
STU3: AuditEvent.entity.detail: value
STU3: AuditEvent.source: identifier
STU3: Binary: content
STU3: BodySite: patient
STU3: CapabilityStatement.messaging.event: code mode focus request response
STU3: CapabilityStatement.rest.operation: name definition
STU3: CapabilityStatement.rest.resource: interaction
STU3: CapabilityStatement: acceptUnknown
STU3: ChargeItem.participant: actor
STU3: Claim.information: sequence category
STU3: ClaimResponse.item.detail.subDetail: sequenceLinkId
STU3: ClaimResponse.item.detail: sequenceLinkId
STU3: ClaimResponse.item: sequenceLinkId
STU3: ClinicalImpression.finding: item
STU3: CommunicationRequest.requester: agent
STU3: Composition: subject
STU3: ConceptMap.group.element.target.dependsOn: code
STU3: Consent.actor: role reference
STU3: Consent.data: meaning reference
STU3: Consent.except.actor: role reference
STU3: Consent.except.data: meaning reference
STU3: Consent.except: type
STU3: Consent: patient
STU3: Contract.agent: actor
STU3: Contract.term.agent: actor
STU3: DataElement.mapping: identity
STU3: DataElement: status element
STU3: DataRequirement.codeFilter: path
STU3: DataRequirement.dateFilter: path
STU3: DeviceComponent: identifier type
STU3: DeviceMetric: identifier
STU3: DeviceRequest.requester: agent
STU3: DiagnosticReport.image: link
STU3: DiagnosticReport.performer: actor
STU3: DocumentManifest.content: p
STU3: DocumentReference: type indexed
STU3: ElementDefinition.constraint: expression
STU3: EligibilityResponse.error: code
STU3: EligibilityResponse.insurance.benefitBalance.financial: type
STU3: EligibilityResponse.insurance.benefitBalance: category
STU3: ExpansionProfile.excludedSystem: system
STU3: ExpansionProfile.fixedVersion: system version mode
STU3: ExpansionProfile: status
STU3: ExplanationOfBenefit.information: sequence category
STU3: ExplanationOfBenefit.item.detail.subDetail: type
STU3: ExplanationOfBenefit.item.detail: type
STU3: Goal: status
STU3: GraphDefinition.link: path target
STU3: GuidanceResponse: module
STU3: ImagingManifest.study.series.instance: sopClass uid
STU3: ImagingManifest.study.series: uid instance
STU3: ImagingManifest.study: uid series
STU3: ImagingManifest: patient study
STU3: ImagingStudy: uid patient
STU3: Immunization.practitioner: actor
STU3: Immunization.vaccinationProtocol: targetDisease doseStatus
STU3: Immunization: notGiven primarySource
STU3: ImmunizationRecommendation.recommendation: date
STU3: ImplementationGuide.dependency: type uri
STU3: ImplementationGuide.package.resource: example source
STU3: ImplementationGuide.package: name resource
STU3: ImplementationGuide.page: source title kind
STU3: Measure.group: identifier
STU3: MeasureReport.group.stratifier.stratum: value
STU3: MeasureReport.group: identifier
STU3: Media: type
STU3: Medication.package.content: item
STU3: MedicationRequest.requester: agent
STU3: MedicationRequest.substitution: allowed
STU3: MedicationStatement: taken
STU3: MessageDefinition: event
STU3: MessageHeader: event timestamp
STU3: Observation.related: target
STU3: OperationDefinition.parameter.binding: valueSet
STU3: Patient.animal: species
STU3: ProcedureRequest.requester: agent
STU3: ProcedureRequest: status intent code subject
STU3: ProcessRequest.item: sequenceLinkId
STU3: Provenance.agent: who
STU3: Provenance.entity: what
STU3: Questionnaire.item.option: value
STU3: ReferralRequest.requester: agent
STU3: ReferralRequest: status intent subject
STU3: RiskAssessment.prediction: outcome
STU3: SampledData: data
STU3: Sequence.quality: type
STU3: Sequence.referenceSeq: windowStart windowEnd
STU3: Sequence.repository: type
STU3: Sequence: coordinateSystem
STU3: ServiceDefinition: status
STU3: Signature: who
STU3: Specimen: subject
STU3: SupplyRequest.orderedItem: quantity
STU3: SupplyRequest.requester: agent
STU3: Task.requester: agent
STU3: TestScript.rule.param: name
STU3: TestScript.rule: resource
STU3: TestScript.ruleset.rule.param: name
STU3: TestScript.ruleset.rule: ruleId
STU3: TestScript.ruleset: resource rule
STU3: TestScript.setup.action.assert.rule.param: name value
STU3: TestScript.setup.action.assert.rule: ruleId
STU3: TestScript.setup.action.assert.ruleset.rule.param: name value
STU3: TestScript.setup.action.assert.ruleset.rule: ruleId
STU3: TestScript.setup.action.assert.ruleset: rulesetId
STU3: ValueSet.expansion: identifier`
