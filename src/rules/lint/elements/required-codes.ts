// Made by scripts/required-codes.ts from @types/fhir 0.0.41 (MIT).

/** Lines of `versions: elements: codes`. */
export const REQUIRED_CODES = `R4,R4B,R5: Account.status: active inactive entered-in-error on-hold unknown
R4,R4B,R5: ActivityDefinition.intent DeviceRequest.intent NutritionOrder.intent ServiceRequest.intent: proposal plan directive order original-order reflex-order filler-order instance-order option
R4,R4B,R5: ActivityDefinition.priority Communication.priority CommunicationRequest.priority DeviceRequest.priority MedicationRequest.priority PlanDefinition.action.priority ServiceRequest.priority: routine urgent asap stat
R4,R4B,R5: Address.use: home work temp old billing
R4,R4B,R5: AdverseEvent.actuality: actual potential
R4,R4B,R5: Appointment.status: proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist
R4,R4B,R5: Bundle.entry.request.method: GET HEAD POST PUT DELETE PATCH
R4,R4B,R5: CapabilityStatement.rest.resource.searchParam.type OperationDefinition.parameter.searchType SearchParameter.type: number date string token reference composite quantity uri special
R4,R4B,R5: CarePlan.status CommunicationRequest.status DeviceRequest.status NutritionOrder.status ServiceRequest.status: draft active on-hold revoked completed entered-in-error unknown
R4,R4B,R5: ChargeItemDefinition.status EventDefinition.status Evidence.status EvidenceVariable.status ExampleScenario.status InsurancePlan.status TerminologyCapabilities.status: draft active retired unknown
R4,R4B,R5: Claim.use ClaimResponse.use ExplanationOfBenefit.use: claim preauthorization predetermination
R4,R4B,R5: ClaimResponse.outcome CoverageEligibilityResponse.outcome EnrollmentResponse.outcome ExplanationOfBenefit.outcome PaymentReconciliation.outcome: queued complete error partial
R4,R4B,R5: CodeSystem.content: not-present example fragment complete supplement
R4,R4B,R5: CodeSystem.property.type: code Coding string integer boolean dateTime decimal
R4,R4B,R5: Communication.status Procedure.status: preparation in-progress not-done on-hold stopped completed entered-in-error unknown
R4,R4B,R5: Consent.provision.data.meaning: instance related dependents authoredby
R4,R4B,R5: Contract.contentDefinition.publicationStatus: amended appended cancelled disputed entered-in-error executable executed negotiable offered policy rejected renewed revoked resolved terminated
R4,R4B,R5: CoverageEligibilityRequest.status CoverageEligibilityResponse.status: active cancelled draft entered-in-error
R4,R4B,R5: DataRequirement.sort.direction: ascending descending
R4,R4B,R5: Goal.lifecycleStatus: proposed planned accepted active on-hold completed cancelled entered-in-error rejected
R4,R4B,R5: Identifier.use: usual official temp secondary old
R4,R4B,R5: ImagingStudy.status: registered available cancelled entered-in-error unknown
R4,R4B,R5: Immunization.status: completed entered-in-error not-done
R4,R4B,R5: ImmunizationEvaluation.status: completed entered-in-error
R4,R4B,R5: ImplementationGuide.definition.page.generation: html markdown xml generated
R4,R4B,R5: Invoice.status: draft issued balanced cancelled entered-in-error
R4,R4B,R5: MedicationAdministration.status: in-progress not-done on-hold completed entered-in-error stopped unknown
R4,R4B,R5: MedicationDispense.status: preparation in-progress cancelled on-hold completed entered-in-error stopped declined unknown
R4,R4B,R5: MedicationRequest.intent: proposal plan order original-order reflex-order filler-order instance-order option
R4,R4B,R5: MessageDefinition.category: consequence currency notification
R4,R4B,R5: MessageDefinition.responseRequired: always on-error never on-success
R4,R4B,R5: MolecularSequence.type: aa dna rna
R4,R4B,R5: PaymentReconciliation.processNote.type: display print printoper
R4,R4B,R5: Questionnaire.item.enableBehavior: all any
R4,R4B,R5: Questionnaire.item.enableWhen.operator: exists = != > < >= <=
R4,R4B,R5: SpecimenDefinition.typeTested.preference: preferred alternate
R4,R4B,R5: StructureDefinition.context.type: fhirpath element extension
R4,R4B,R5: Task.intent: unknown proposal plan order original-order reflex-order filler-order instance-order option
R4,R4B,R5: TerminologyCapabilities.kind: instance capability requirements
R4,R4B,R5: TestScript.setup.action.assert.requestMethod TestScript.setup.action.operation.method: delete get options patch post put head
R4,R4B,R5: TriggerDefinition.type: named-event periodic data-changed data-added data-modified data-removed data-accessed data-access-ended
R4,R4B,R5: VisionPrescription.lensSpecification.eye: right left
R4,R4B,R5: VisionPrescription.lensSpecification.prism.base: up down in out
R4,R4B: ActivityDefinition.participant.type PlanDefinition.action.participant.type: patient practitioner related-person device
R4,R4B: BiologicallyDerivedProduct.productCategory: organ tissue fluid cells biologicalAgent
R4,R4B: BiologicallyDerivedProduct.status: available unavailable
R4,R4B: BiologicallyDerivedProduct.storage.scale: farenheit celsius kelvin
R4,R4B: CarePlan.activity.detail.kind: Appointment CommunicationRequest DeviceRequest MedicationRequest NutritionOrder Task ServiceRequest VisionPrescription
R4,R4B: CarePlan.activity.detail.status: not-started scheduled in-progress on-hold completed cancelled stopped unknown entered-in-error
R4,R4B: CatalogEntry.relatedEntry.relationtype: triggers is-replaced-by
R4,R4B: CatalogEntry.status ResearchDefinition.status ResearchElementDefinition.status: draft active retired unknown
R4,R4B: ChargeItemDefinition.propertyGroup.priceComponent.type Invoice.lineItem.priceComponent.type: base surcharge deduction discount tax informational
R4,R4B: ClaimResponse.processNote.type ExplanationOfBenefit.processNote.type: display print printoper
R4,R4B: ClinicalImpression.status: in-progress completed entered-in-error
R4,R4B: Composition.attester.mode: personal professional legal official
R4,R4B: Consent.provision.type: deny permit
R4,R4B: Device.deviceName.type DeviceDefinition.deviceName.type: udi-label-name user-friendly-name patient-reported-name manufacturer-name model-name other
R4,R4B: Device.udiCarrier.entryType: barcode rfid manual card self-reported unknown
R4,R4B: EvidenceVariable.characteristic.groupMeasure ResearchElementDefinition.characteristic.participantEffectiveGroupMeasure ResearchElementDefinition.characteristic.studyEffectiveGroupMeasure: mean median mean-of-mean mean-of-median median-of-mean median-of-median
R4,R4B: ExampleScenario.actor.type: person entity
R4,R4B: GraphDefinition.link.target.compartment.code: Patient Encounter RelatedPerson Practitioner Device
R4,R4B: GraphDefinition.link.target.compartment.use: condition requirement
R4,R4B: ImplementationGuide.definition.parameter.code: apply path-resource path-pages path-tx-cache expansion-parameter rule-broken-links generate-xml generate-json generate-turtle html-template
R4,R4B: MeasureReport.type: individual subject-list summary data-collection
R4,R4B: Media.status: preparation in-progress not-done on-hold stopped completed entered-in-error unknown
R4,R4B: MedicationKnowledge.status: active inactive entered-in-error
R4,R4B: MedicationStatement.status: active completed entered-in-error intended stopped on-hold unknown not-taken
R4,R4B: MolecularSequence.quality.type: indel snp unknown
R4,R4B: MolecularSequence.referenceSeq.orientation: sense antisense
R4,R4B: MolecularSequence.referenceSeq.strand: watson crick
R4,R4B: MolecularSequence.repository.type: directlink openapi login oauth other
R4,R4B: ObservationDefinition.qualifiedInterval.category: reference critical absolute
R4,R4B: ObservationDefinition.qualifiedInterval.gender: male female other unknown
R4,R4B: RequestGroup.action.priority: routine urgent asap stat
R4,R4B: RequestGroup.intent: proposal plan directive order original-order reflex-order filler-order instance-order option
R4,R4B: RequestGroup.status: draft active on-hold revoked completed entered-in-error unknown
R4,R4B: ResearchElementDefinition.type: population exposure outcome
R4,R4B: ResearchElementDefinition.variableType: dichotomous continuous descriptive
R4,R4B: ResearchStudy.status: active administratively-completed approved closed-to-accrual closed-to-accrual-and-intervention completed disapproved in-review temporarily-closed-to-accrual temporarily-closed-to-accrual-and-intervention withdrawn
R4,R4B: ResearchSubject.status: candidate eligible follow-up ineligible not-registered off-study on-study on-study-intervention on-study-observation pending-on-study potential-candidate screening withdrawn
R4,R4B: TerminologyCapabilities.codeSearch: explicit all
R4,R4B: VerificationResult.status: attested validated in-process req-revalid val-fail reval-fail
R4: EffectEvidenceSynthesis.resultsByExposure.exposureState: exposure exposure-alternative
R4: EffectEvidenceSynthesis.status RiskEvidenceSynthesis.status: draft active retired unknown
R4: EvidenceVariable.type: dichotomous continuous descriptive
R4B,R5: AdministrableProductDefinition.status Citation.status EvidenceReport.status Ingredient.status ManufacturedItemDefinition.status SubscriptionTopic.status: draft active retired unknown
R4B,R5: ClinicalUseDefinition.type: indication contraindication interaction undesirable-effect warning
R4B,R5: Evidence.statistic.modelCharacteristic.variable.handling EvidenceVariable.handling: continuous dichotomous ordinal polychotomous
R4B,R5: EvidenceReport.relatesTo.code: replaces amends appends transforms replacedWith amendedWith appendedWith transformedWith
R4B,R5: EvidenceReport.section.mode: working snapshot changes
R4B,R5: Ingredient.manufacturer.role: allowed possible actual
R4B,R5: NutritionProduct.status: active inactive entered-in-error
R4B,R5: SubscriptionStatus.type: handshake heartbeat event-notification query-status query-event
R4B,R5: SubscriptionTopic.resourceTrigger.queryCriteria.resultForCreate SubscriptionTopic.resourceTrigger.queryCriteria.resultForDelete: test-passes test-fails
R4B: EvidenceVariable.characteristicCombination: intersection union
R4B: SubscriptionStatus.status: requested active error off
R5: ActivityDefinition.participant.type PlanDefinition.action.participant.type PlanDefinition.actor.option.type RequestOrchestration.action.participant.type: careteam device group healthcareservice location organization patient practitioner practitionerrole relatedperson
R5: ActorDefinition.type ExampleScenario.actor.type: person system
R5: AdverseEvent.status: in-progress completed entered-in-error unknown
R5: AppointmentResponse.participantStatus: accepted declined tentative needs-action entered-in-error
R5: ArtifactAssessment.content.informationType: comment classifier rating container response change-request
R5: ArtifactAssessment.disposition: unresolved not-persuasive persuasive persuasive-with-modification not-persuasive-with-modification
R5: ArtifactAssessment.workflowStatus: submitted triaged waiting-for-input resolved-no-change resolved-change-required deferred duplicate applied published entered-in-error
R5: AuditEvent.severity: emergency alert critical error warning notice informational debug
R5: BiologicallyDerivedProductDispense.status: preparation in-progress allocated issued unfulfilled returned entered-in-error unknown
R5: Bundle.type: document message transaction transaction-response batch batch-response history searchset collection subscription-notification
R5: CarePlan.intent: proposal plan order option directive
R5: Citation.citedArtifact.relatesTo.type: documentation justification citation predecessor successor derived-from depends-on composed-of part-of amends amended-with appends appended-with cites cited-by comments-on comment-in contains contained-in corrects correction-in replaces replaced-with retracts retracted-by signs similar-to supports supported-with transforms transformed-into transformed-with documents specification-of created-with cite-as reprint reprint-of
R5: ClinicalImpression.status NutritionIntake.status: preparation in-progress not-done on-hold stopped completed entered-in-error unknown
R5: CommunicationRequest.intent RequestOrchestration.intent: proposal plan directive order original-order reflex-order filler-order instance-order option
R5: CompartmentDefinition.code GraphDefinition.link.compartment.code: Patient Encounter RelatedPerson Practitioner Device EpisodeOfCare
R5: Composition.status DocumentReference.docStatus: registered partial preliminary final amended corrected appended cancelled entered-in-error deprecated unknown
R5: ConceptMap.additionalAttribute.type: code Coding string boolean Quantity
R5: ConceptMap.group.element.target.relationship ConceptMap.group.unmapped.relationship: related-to equivalent source-is-narrower-than-target source-is-broader-than-target not-related-to
R5: ConceptMap.group.unmapped.mode: use-source-code fixed other-map
R5: ConceptMap.property.type: Coding string integer boolean dateTime decimal code
R5: ConditionDefinition.precondition.type: sensitive specific
R5: ConditionDefinition.questionnaire.purpose: preadmit diff-diagnosis outcome
R5: Consent.decision Permission.rule.type: deny permit
R5: Consent.status: draft active inactive not-done entered-in-error unknown
R5: Coverage.kind: insurance self-pay other
R5: DataRequirement.valueFilter.comparator: eq gt lt ge le sa eb
R5: DetectedIssue.status: preliminary final entered-in-error mitigated
R5: Device.name.type DeviceDefinition.deviceName.type: registered-name user-friendly-name patient-reported-name
R5: Device.status: active inactive entered-in-error
R5: Device.udiCarrier.entryType: barcode rfid manual card self-reported electronic-transmission unknown
R5: DeviceDefinition.correctiveAction.scope: model lot-numbers serial-numbers
R5: DeviceDefinition.regulatoryIdentifier.type: basic master license
R5: DeviceDispense.status: preparation in-progress cancelled on-hold completed entered-in-error stopped declined unknown
R5: DeviceUsage.status: active completed not-done entered-in-error intended stopped on-hold
R5: DiagnosticReport.status: registered partial preliminary modified final amended corrected appended cancelled entered-in-error unknown
R5: ElementDefinition.binding.additional.purpose: maximum minimum required extensible candidate current preferred ui starter component
R5: ElementDefinition.slicing.discriminator.type: value exists type profile position pattern
R5: Encounter.status EncounterHistory.status: planned in-progress on-hold discharged completed cancelled discontinued entered-in-error unknown
R5: Endpoint.status: active suspended error off entered-in-error
R5: EvidenceVariable.characteristic.definitionByCombination.code: all-of any-of at-least at-most statistical net-effect dataset
R5: FormularyItem.status MedicationKnowledge.status: active entered-in-error inactive
R5: GenomicStudy.status: registered available cancelled entered-in-error unknown
R5: GraphDefinition.link.compartment.rule: identical matching different custom
R5: GraphDefinition.link.compartment.use: where requires
R5: Group.membership: definitional enumerated
R5: Group.type: person animal practitioner device careteam healthcareservice location organization relatedperson specimen
R5: ImagingSelection.instance.imageRegion2D.regionType: point polyline interpolated circle ellipse
R5: ImagingSelection.instance.imageRegion3D.regionType: point multipoint polyline polygon ellipse ellipsoid
R5: ImagingSelection.status: available entered-in-error unknown
R5: InventoryItem.status: active inactive entered-in-error unknown
R5: InventoryReport.countType: snapshot difference
R5: InventoryReport.status: draft requested active entered-in-error
R5: MeasureReport.dataUpdateType: incremental snapshot
R5: MeasureReport.type: individual subject-list summary data-exchange
R5: MedicationRequest.status: active on-hold ended stopped completed cancelled entered-in-error draft unknown
R5: MedicationStatement.status: recorded entered-in-error draft
R5: MolecularSequence.relative.startingSequence.orientation: sense antisense
R5: MolecularSequence.relative.startingSequence.strand: watson crick
R5: MonetaryComponent.type: base surcharge deduction discount tax informational
R5: NamingSystem.uniqueId.type: oid uuid uri iri-stem v2csmnemonic other
R5: NutritionOrder.priority RequestOrchestration.priority RequestOrchestration.action.priority Transport.priority: routine urgent asap stat
R5: Observation.triggeredBy.type: reflex repeat re-run
R5: ObservationDefinition.qualifiedValue.gender: male female other unknown
R5: ObservationDefinition.qualifiedValue.rangeCategory: reference critical absolute
R5: OperationOutcome.issue.severity: fatal error warning information success
R5: Permission.combining: deny-overrides permit-overrides ordered-deny-overrides ordered-permit-overrides deny-unless-permit permit-unless-deny
R5: Permission.rule.data.resource.meaning: instance related dependents authoredby
R5: Permission.status: active entered-in-error draft rejected
R5: PlanDefinition.action.relatedAction.endRelationship PlanDefinition.action.relatedAction.relationship RequestOrchestration.action.relatedAction.endRelationship RequestOrchestration.action.relatedAction.relationship: before before-start before-end concurrent concurrent-with-start concurrent-with-end after after-start after-end
R5: Provenance.entity.role: revision quotation source instantiates removal
R5: Quantity.comparator: < <= >= > ad
R5: Questionnaire.item.answerConstraint: optionsOnly optionsOrType optionsOrString
R5: Questionnaire.item.disabledDisplay: hidden protected
R5: Questionnaire.item.type: group display question boolean decimal integer date dateTime time string text url coding attachment reference quantity
R5: RelatedArtifact.publicationStatus ActorDefinition.status ConditionDefinition.status ObservationDefinition.status Requirements.status ResearchStudy.status ResearchSubject.status SpecimenDefinition.status TestPlan.status: draft active retired unknown
R5: RelatedArtifact.type: documentation justification citation predecessor successor derived-from depends-on composed-of part-of amends amended-with appends appended-with cites cited-by comments-on comment-in contains contained-in corrects correction-in replaces replaced-with retracts retracted-by signs similar-to supports supported-with transforms transformed-into transformed-with documents specification-of created-with cite-as
R5: RequestOrchestration.action.cardinalityBehavior: single multiple
R5: RequestOrchestration.action.condition.kind: applicability start stop
R5: RequestOrchestration.action.groupingBehavior: visual-group logical-group sentence-group
R5: RequestOrchestration.action.precheckBehavior: yes no
R5: RequestOrchestration.action.requiredBehavior: must could must-unless-documented
R5: RequestOrchestration.action.selectionBehavior: any all all-or-none exactly-one at-most-one one-or-more
R5: RequestOrchestration.status: draft active on-hold revoked completed entered-in-error unknown
R5: SearchParameter.processingMode: normal phonetic other
R5: Specimen.combined: grouped pooled
R5: StructureMap.group.typeMode: types type-and-types
R5: Subscription.content: empty id-only full-resource
R5: Subscription.filterBy.comparator: eq ne gt lt ge le sa eb ap
R5: Subscription.filterBy.modifier: missing exact contains not text in not-in below above type identifier of-type code-text text-advanced iterate
R5: Subscription.status SubscriptionStatus.status: requested active error off entered-in-error
R5: TerminologyCapabilities.codeSearch: in-compose in-expansion in-compose-or-expansion
R5: TerminologyCapabilities.codeSystem.content: not-present example fragment complete supplement
R5: TestScript.setup.action.assert.defaultManualCompletion: fail pass skip stop
R5: TestScript.setup.action.assert.operator: equals notEquals in notIn greaterThan lessThan empty notEmpty contains notContains eval manualEval
R5: TestScript.setup.action.assert.response: continue switchingProtocols okay created accepted nonAuthoritativeInformation noContent resetContent partialContent multipleChoices movedPermanently found seeOther notModified useProxy temporaryRedirect permanentRedirect badRequest unauthorized paymentRequired forbidden notFound methodNotAllowed notAcceptable proxyAuthenticationRequired requestTimeout conflict gone lengthRequired preconditionFailed contentTooLarge uriTooLong unsupportedMediaType rangeNotSatisfiable expectationFailed misdirectedRequest unprocessableContent upgradeRequired internalServerError notImplemented badGateway serviceUnavailable gatewayTimeout httpVersionNotSupported
R5: Transport.intent: unknown proposal plan order original-order reflex-order filler-order instance-order option
R5: Transport.status: in-progress completed abandoned cancelled planned entered-in-error
R5: ValueSet.compose.include.filter.op: = is-a descendent-of is-not-a regex in not-in generalizes child-of descendent-leaf exists
R5: VerificationResult.status: attested validated in-process req-revalid val-fail reval-fail entered-in-error
STU3,R4,R4B,R5: ActivityDefinition.status CapabilityStatement.status CodeSystem.status CompartmentDefinition.status ConceptMap.status GraphDefinition.status ImplementationGuide.status Library.status Measure.status MessageDefinition.status NamingSystem.status OperationDefinition.status PlanDefinition.status Questionnaire.status SearchParameter.status StructureDefinition.status StructureMap.status TestScript.status ValueSet.status: draft active retired unknown
STU3,R4,R4B,R5: Address.type: postal physical both
STU3,R4,R4B,R5: AllergyIntolerance.criticality: low high unable-to-assess
STU3,R4,R4B,R5: AllergyIntolerance.reaction.severity: mild moderate severe
STU3,R4,R4B,R5: Appointment.participant.status: accepted declined tentative needs-action
STU3,R4,R4B,R5: Bundle.entry.search.mode: match include outcome
STU3,R4,R4B,R5: CapabilityStatement.document.mode: producer consumer
STU3,R4,R4B,R5: CapabilityStatement.kind: instance capability requirements
STU3,R4,R4B,R5: CapabilityStatement.messaging.supportedMessage.mode: sender receiver
STU3,R4,R4B,R5: CapabilityStatement.rest.interaction.code: transaction batch search-system history-system
STU3,R4,R4B,R5: CapabilityStatement.rest.mode: client server
STU3,R4,R4B,R5: CapabilityStatement.rest.resource.conditionalDelete: not-supported single multiple
STU3,R4,R4B,R5: CapabilityStatement.rest.resource.conditionalRead: not-supported modified-since not-match full-support
STU3,R4,R4B,R5: CapabilityStatement.rest.resource.interaction.code: read vread update patch delete history-instance history-type create search-type
STU3,R4,R4B,R5: CapabilityStatement.rest.resource.versioning: no-version versioned versioned-update
STU3,R4,R4B,R5: CareTeam.status: proposed active suspended inactive entered-in-error
STU3,R4,R4B,R5: ChargeItem.status: planned billable not-billable aborted billed entered-in-error unknown
STU3,R4,R4B,R5: Claim.status ClaimResponse.status Coverage.status EnrollmentRequest.status EnrollmentResponse.status ExplanationOfBenefit.status PaymentNotice.status PaymentReconciliation.status VisionPrescription.status: active cancelled draft entered-in-error
STU3,R4,R4B,R5: CodeSystem.hierarchyMeaning: grouped-by is-a part-of classified-with
STU3,R4,R4B,R5: ContactPoint.system: phone fax email pager url sms other
STU3,R4,R4B,R5: ContactPoint.use: home work temp old mobile
STU3,R4,R4B,R5: Contract.status: amended appended cancelled disputed entered-in-error executable executed negotiable offered policy rejected renewed revoked resolved terminated
STU3,R4,R4B,R5: Contributor.type: author editor reviewer endorser
STU3,R4,R4B,R5: DetectedIssue.severity: high moderate low
STU3,R4,R4B,R5: DeviceMetric.calibration.state: not-calibrated calibration-required calibrated unspecified
STU3,R4,R4B,R5: DeviceMetric.calibration.type: unspecified offset gain two-point
STU3,R4,R4B,R5: DeviceMetric.category: measurement setting calculation unspecified
STU3,R4,R4B,R5: DeviceMetric.operationalStatus: on off standby entered-in-error
STU3,R4,R4B,R5: DocumentReference.status: current superseded entered-in-error
STU3,R4,R4B,R5: ElementDefinition.binding.strength OperationDefinition.parameter.binding.strength: required extensible preferred example
STU3,R4,R4B,R5: ElementDefinition.constraint.severity: error warning
STU3,R4,R4B,R5: ElementDefinition.slicing.rules: closed open openAtEnd
STU3,R4,R4B,R5: ElementDefinition.type.versioning: either independent specific
STU3,R4,R4B,R5: Encounter.location.status: planned active reserved completed
STU3,R4,R4B,R5: EpisodeOfCare.status EpisodeOfCare.statusHistory.status: planned waitlist active onhold finished cancelled entered-in-error
STU3,R4,R4B,R5: FamilyMemberHistory.status: partial completed entered-in-error health-unknown
STU3,R4,R4B,R5: Flag.status Medication.status Substance.status: active inactive entered-in-error
STU3,R4,R4B,R5: GuidanceResponse.status: success data-requested data-required in-progress failure entered-in-error
STU3,R4,R4B,R5: HumanName.use: usual official temp nickname anonymous old maiden
STU3,R4,R4B,R5: Linkage.item.type: source alternate historical
STU3,R4,R4B,R5: List.mode: working snapshot changes
STU3,R4,R4B,R5: List.status: current retired entered-in-error
STU3,R4,R4B,R5: Location.mode: instance kind
STU3,R4,R4B,R5: Location.status: active suspended inactive
STU3,R4,R4B,R5: MeasureReport.status: complete pending error
STU3,R4,R4B,R5: MessageHeader.response.code: ok transient-error fatal-error
STU3,R4,R4B,R5: NamingSystem.kind: codesystem identifier root
STU3,R4,R4B,R5: Narrative.status: generated extensions additional empty
STU3,R4,R4B,R5: Observation.status RiskAssessment.status: registered preliminary final amended corrected cancelled entered-in-error unknown
STU3,R4,R4B,R5: OperationDefinition.kind: operation query
STU3,R4,R4B,R5: ParameterDefinition.use OperationDefinition.parameter.use: in out
STU3,R4,R4B,R5: Patient.gender Patient.contact.gender Person.gender Practitioner.gender RelatedPerson.gender: male female other unknown
STU3,R4,R4B,R5: Patient.link.type: replaced-by replaces refer seealso
STU3,R4,R4B,R5: Person.link.assurance: level1 level2 level3 level4
STU3,R4,R4B,R5: PlanDefinition.action.cardinalityBehavior: single multiple
STU3,R4,R4B,R5: PlanDefinition.action.condition.kind: applicability start stop
STU3,R4,R4B,R5: PlanDefinition.action.groupingBehavior: visual-group logical-group sentence-group
STU3,R4,R4B,R5: PlanDefinition.action.precheckBehavior: yes no
STU3,R4,R4B,R5: PlanDefinition.action.requiredBehavior: must could must-unless-documented
STU3,R4,R4B,R5: PlanDefinition.action.selectionBehavior: any all all-or-none exactly-one at-most-one one-or-more
STU3,R4,R4B,R5: QuestionnaireResponse.status: in-progress completed amended entered-in-error stopped
STU3,R4,R4B,R5: Slot.status: busy free busy-unavailable busy-tentative entered-in-error
STU3,R4,R4B,R5: Specimen.status: available unavailable unsatisfactory entered-in-error
STU3,R4,R4B,R5: StructureDefinition.derivation: specialization constraint
STU3,R4,R4B,R5: StructureDefinition.kind: primitive-type complex-type resource logical
STU3,R4,R4B,R5: StructureMap.group.input.mode: source target
STU3,R4,R4B,R5: StructureMap.group.rule.source.listMode: first not_first last not_last only_one
STU3,R4,R4B,R5: StructureMap.group.rule.target.transform: create copy truncate escape cast append translate reference dateOp uuid pointer evaluate cc c qty id cp
STU3,R4,R4B,R5: StructureMap.structure.mode: source queried target produced
STU3,R4,R4B,R5: SupplyDelivery.status: in-progress completed abandoned entered-in-error
STU3,R4,R4B,R5: SupplyRequest.priority Task.priority: routine urgent asap stat
STU3,R4,R4B,R5: SupplyRequest.status: draft active suspended cancelled completed entered-in-error unknown
STU3,R4,R4B,R5: Task.status: draft requested received accepted rejected ready cancelled in-progress on-hold failed completed entered-in-error
STU3,R4,R4B,R5: TestReport.participant.type: test-engine client server
STU3,R4,R4B,R5: TestReport.result: pass fail pending
STU3,R4,R4B,R5: TestReport.setup.action.assert.result TestReport.setup.action.operation.result: pass skip fail warning error
STU3,R4,R4B,R5: TestReport.status: completed in-progress waiting stopped entered-in-error
STU3,R4,R4B,R5: TestScript.setup.action.assert.direction: response request
STU3,R4,R4B,R5: Timing.repeat.durationUnit Timing.repeat.periodUnit: s min h d wk mo a
STU3,R4,R4B: AllergyIntolerance.type: allergy intolerance
STU3,R4,R4B: Appointment.participant.required: required optional information-only
STU3,R4,R4B: AppointmentResponse.participantStatus: accepted declined tentative needs-action
STU3,R4,R4B: Bundle.type: document message transaction transaction-response batch batch-response history searchset collection
STU3,R4,R4B: CarePlan.intent: proposal plan order option
STU3,R4,R4B: CompartmentDefinition.code: Patient Encounter RelatedPerson Practitioner Device
STU3,R4,R4B: Composition.relatesTo.code DocumentReference.relatesTo.code: replaces transforms signs appends
STU3,R4,R4B: Composition.section.mode: working snapshot changes
STU3,R4,R4B: Composition.status DocumentReference.docStatus: preliminary final amended entered-in-error
STU3,R4,R4B: ConceptMap.group.element.target.equivalence: relatedto equivalent equal wider subsumes narrower specializes inexact unmatched disjoint
STU3,R4,R4B: ConceptMap.group.unmapped.mode: provided fixed other-map
STU3,R4,R4B: Consent.status: draft proposed active rejected inactive entered-in-error
STU3,R4,R4B: DetectedIssue.status: registered preliminary final amended corrected cancelled entered-in-error unknown
STU3,R4,R4B: Device.status: active inactive entered-in-error unknown
STU3,R4,R4B: DeviceMetric.color: black red green yellow blue magenta cyan white
STU3,R4,R4B: DeviceUseStatement.status: active completed entered-in-error intended stopped on-hold
STU3,R4,R4B: DiagnosticReport.status: registered partial preliminary final amended corrected appended cancelled entered-in-error unknown
STU3,R4,R4B: DocumentManifest.status: current superseded entered-in-error
STU3,R4,R4B: ElementDefinition.slicing.discriminator.type: value exists pattern type profile
STU3,R4,R4B: Encounter.status Encounter.statusHistory.status: planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown
STU3,R4,R4B: Endpoint.status: active suspended error off entered-in-error test
STU3,R4,R4B: GraphDefinition.link.target.compartment.rule: identical matching different custom
STU3,R4,R4B: Group.type: person animal practitioner device medication substance
STU3,R4,R4B: MedicationRequest.status: active on-hold cancelled completed entered-in-error stopped draft unknown
STU3,R4,R4B: NamingSystem.uniqueId.type: oid uuid uri other
STU3,R4,R4B: OperationOutcome.issue.severity: fatal error warning information
STU3,R4,R4B: PlanDefinition.action.relatedAction.relationship RequestGroup.action.relatedAction.relationship: before-start before before-end concurrent-with-start concurrent concurrent-with-end after-start after after-end
STU3,R4,R4B: Provenance.entity.role: derivation revision quotation source removal
STU3,R4,R4B: Quantity.comparator: < <= >= >
STU3,R4,R4B: Questionnaire.item.type: group display question boolean decimal integer date dateTime time string text url choice open-choice attachment reference quantity
STU3,R4,R4B: RelatedArtifact.type: documentation justification citation predecessor successor derived-from depends-on composed-of
STU3,R4,R4B: RequestGroup.action.cardinalityBehavior: single multiple
STU3,R4,R4B: RequestGroup.action.condition.kind: applicability start stop
STU3,R4,R4B: RequestGroup.action.groupingBehavior: visual-group logical-group sentence-group
STU3,R4,R4B: RequestGroup.action.precheckBehavior: yes no
STU3,R4,R4B: RequestGroup.action.requiredBehavior: must could must-unless-documented
STU3,R4,R4B: RequestGroup.action.selectionBehavior: any all all-or-none exactly-one at-most-one one-or-more
STU3,R4,R4B: RequestGroup.priority: routine urgent asap stat
STU3,R4,R4B: SearchParameter.xpathUsage: normal phonetic nearby distance other
STU3,R4,R4B: StructureMap.group.rule.target.contextType: type variable
STU3,R4,R4B: StructureMap.group.typeMode: none types type-and-types
STU3,R4,R4B: Subscription.channel.type: rest-hook websocket email sms message
STU3,R4,R4B: Subscription.status: requested active error off
STU3,R4,R4B: TestScript.setup.action.assert.operator: equals notEquals in notIn greaterThan lessThan empty notEmpty contains notContains eval
STU3,R4,R4B: TestScript.setup.action.assert.response: okay created noContent notModified bad forbidden notFound methodNotAllowed conflict gone preconditionFailed unprocessable
STU3,R4,R4B: ValueSet.compose.include.filter.op: = is-a descendent-of is-not-a regex in not-in generalizes exists
STU3: Account.status: active inactive entered-in-error
STU3: ActivityDefinition.participant.type PlanDefinition.action.participant.type: patient practitioner related-person
STU3: Address.use: home work temp old
STU3: AdverseEvent.category: AE PAE
STU3: AdverseEvent.suspectEntity.causality: causality1 causality2
STU3: AllergyIntolerance.clinicalStatus: active inactive resolved
STU3: AllergyIntolerance.verificationStatus: unconfirmed confirmed refuted entered-in-error
STU3: Appointment.status: proposed pending booked arrived fulfilled cancelled noshow entered-in-error
STU3: Bundle.entry.request.method: GET POST PUT DELETE
STU3: CapabilityStatement.acceptUnknown: no extensions elements both
STU3: CapabilityStatement.messaging.event.category MessageDefinition.category: Consequence Currency Notification
STU3: CapabilityStatement.messaging.event.mode: sender receiver
STU3: CapabilityStatement.rest.resource.searchParam.type OperationDefinition.parameter.searchType SearchParameter.type: number date string token reference composite quantity uri
STU3: CarePlan.activity.detail.status: not-started scheduled in-progress on-hold completed cancelled unknown
STU3: CarePlan.status: draft active suspended completed entered-in-error cancelled unknown
STU3: Claim.use: complete proposed exploratory other
STU3: ClinicalImpression.status: draft completed entered-in-error
STU3: CodeSystem.content: not-present example fragment complete
STU3: CodeSystem.property.type: code Coding string integer boolean dateTime
STU3: Communication.status Procedure.status: preparation in-progress suspended aborted completed entered-in-error unknown
STU3: CommunicationRequest.status DeviceRequest.status ProcedureRequest.status ReferralRequest.status RequestGroup.status: draft active suspended cancelled completed entered-in-error unknown
STU3: Condition.clinicalStatus: active recurrence inactive remission resolved
STU3: Condition.verificationStatus: provisional differential confirmed refuted entered-in-error unknown
STU3: Consent.data.meaning Consent.except.data.meaning: instance related dependents authoredby
STU3: Consent.except.type: deny permit
STU3: DataElement.status ExpansionProfile.status ServiceDefinition.status: draft active retired unknown
STU3: DataElement.stringency: comparable fully-specified equivalent convertable scaleable flexible
STU3: Device.udi.entryType: barcode rfid manual card self-reported unknown
STU3: DeviceComponent.measurementPrinciple: other chemical electrical impedance nuclear optical thermal biological mechanical acoustical manual
STU3: EligibilityRequest.status EligibilityResponse.status ProcessRequest.status ProcessResponse.status: active cancelled draft entered-in-error
STU3: ExpansionProfile.fixedVersion.mode: default check override
STU3: FamilyMemberHistory.gender: male female other unknown
STU3: Goal.status: proposed accepted planned in-progress on-target ahead-of-target behind-target sustaining achieved on-hold cancelled entered-in-error rejected
STU3: Identifier.use: usual official temp secondary
STU3: ImagingStudy.availability ImagingStudy.series.availability: ONLINE OFFLINE NEARLINE UNAVAILABLE
STU3: Immunization.status: completed entered-in-error
STU3: ImplementationGuide.dependency.type: reference inclusion
STU3: ImplementationGuide.page.kind: page example list include directory dictionary toc resource
STU3: MeasureReport.type: individual patient-list summary
STU3: Media.type: photo video audio
STU3: MedicationAdministration.status: in-progress on-hold completed entered-in-error stopped unknown
STU3: MedicationDispense.status: preparation in-progress on-hold completed entered-in-error stopped
STU3: MedicationRequest.intent: proposal plan order instance-order
STU3: MedicationRequest.priority: routine urgent stat asap
STU3: MedicationStatement.status: active completed entered-in-error intended stopped on-hold
STU3: MedicationStatement.taken: y n unk na
STU3: NutritionOrder.status: proposed draft planned requested active on-hold completed cancelled entered-in-error
STU3: Observation.related.type: has-member derived-from sequel-to replaces qualified-by interfered-by
STU3: ProcedureRequest.intent ReferralRequest.intent RequestGroup.intent Task.intent: proposal plan order original-order reflex-order filler-order instance-order option
STU3: ProcedureRequest.priority: routine urgent asap stat
STU3: ProcessRequest.action: cancel poll reprocess status
STU3: ResearchStudy.status: draft in-progress suspended stopped completed entered-in-error
STU3: ResearchSubject.status: candidate enrolled active suspended withdrawn completed
STU3: Sequence.quality.type: indel snp unknown
STU3: Sequence.repository.type: directlink openapi login oauth other
STU3: StructureDefinition.contextType: resource datatype extension
STU3: TestScript.setup.action.assert.contentType TestScript.setup.action.operation.accept TestScript.setup.action.operation.contentType: xml json ttl none
STU3: TestScript.setup.action.assert.requestMethod: delete get options patch post put
STU3: TriggerDefinition.type: named-event periodic data-added data-modified data-removed data-accessed data-access-ended
STU3: VisionPrescription.dispense.base: up down in out
STU3: VisionPrescription.dispense.eye: right left`
